"""Later, or again: a thin face over DBOS."""
