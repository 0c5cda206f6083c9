"""Alerts: what one should know of, how loud it is told, and the way to its cause."""
