"""Customers and what is known of them: how likely they are to leave, and why."""
