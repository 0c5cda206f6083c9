"""Backups: copies of everything, opened and checked before they count as one, and the way back."""
