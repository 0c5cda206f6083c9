"""The people the work is about."""
