"""Delivery: how a message leaves the house to staff, by e-mail, Slack and Teams."""
