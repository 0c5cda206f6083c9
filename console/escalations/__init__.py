"""Cases handed up: the board of them, and what they wait for."""
