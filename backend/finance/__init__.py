"""Finance: what a business takes at Stripe in six numbers, how ready that makes it to be funded, and what would help."""
