"""Webhooks out: what happens here, told to endpoints of the business. `post` is for whoever has something to tell."""

from backend.integrations.webhooks.posts import endpoint_of, outcome_of, post

__all__ = ["endpoint_of", "outcome_of", "post"]
