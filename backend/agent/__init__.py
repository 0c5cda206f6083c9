"""The agent's desk: the dashboard of a case, what may be done to it, approvals, and which case is next."""
