"""What customers pay for, as Stripe has it, and what is done about it there."""
