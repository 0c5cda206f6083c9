"""Cancel flows: what a customer who wants to leave is asked and offered, and what came of it, in honest numbers."""
