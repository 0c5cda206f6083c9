"""Playbooks: steps done to one customer after another, waits included, and every trip of a customer through one."""
