"""Support cases: opened, routed, taken, answered, closed."""
