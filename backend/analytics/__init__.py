"""What the numbers are: one definition each, used by screen, API, export and report; and how they are kept by the day."""
