"""Alerts: what one member should know of, told to them alone."""
