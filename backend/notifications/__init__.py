"""Notifications: help that was offered to a customer, and what they made of it: seen, dismissed, accepted."""
