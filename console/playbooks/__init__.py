"""Playbooks: what they do, what goes on, and starting them for whom one chose."""
