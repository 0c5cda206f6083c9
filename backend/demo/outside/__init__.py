"""Doubles of the outside world, and of nothing else. The tests use them too."""
