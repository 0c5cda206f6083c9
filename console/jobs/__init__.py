"""Jobs: what runs by itself, what failed, and how every part of the whole does."""
