"""The agent's desk: the dashboard of a case, and which case is next."""
