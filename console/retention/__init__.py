"""The retention board: customers who want to cancel, the flows they meet, what offers brought, and subscriptions."""
