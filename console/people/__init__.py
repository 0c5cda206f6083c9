"""The people who work here, and who is asked to."""
