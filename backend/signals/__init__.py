"""What customers do in the app: signals by the thousand, the live context they add up to, and friction."""
