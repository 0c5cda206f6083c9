"""Identifiers: UUIDv7, so that newer rows sort after older ones and indexes stay tight."""

import uuid_utils


def new_id() -> str:
    """A fresh UUIDv7 as text, 36 characters."""
    return str(uuid_utils.uuid7())
