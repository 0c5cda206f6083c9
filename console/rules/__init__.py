"""Rules: every rule set in one editor."""
