"""The copilot's screen."""
