"""Integrations: connections to chat platforms, how they do, and what was to be done there."""
