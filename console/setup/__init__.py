"""Signing in, settings, the outbox, the lock."""
