"""Finance (`g f`): what is taken, how ready that makes the business, what would help, and where the numbers come from."""
