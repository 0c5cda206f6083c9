"""Copilot: answers from the business's own numbers, cases and documents, with a model or without one."""
