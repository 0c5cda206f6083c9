"""Delivery: the channels that alerts and other letters to staff leave by, and what became of each letter."""
