"""A customer's subscription beside the work, and changing it."""
