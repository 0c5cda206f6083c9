"""Macros: what is done to many cases alike, read, tried on a case, written and taken away."""
