"""Opaque cursors of lists: where a page ended, as text that a client gives back."""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from backend.core.errors import Invalid


def encode(values: Sequence[Any] | None) -> str | None:
    """`values` (numbers, texts, instants) as a cursor; None stays None."""
    if values is None:
        return None
    plain = [{"at": value.isoformat()} if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(orjson.dumps(plain)).decode().rstrip("=")


def decode(cursor: str | None) -> list[Any] | None:
    """The values again. Invalid when the cursor is not one of ours."""
    if not cursor:
        return None
    try:
        plain = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        values = [datetime.fromisoformat(value["at"]) if isinstance(value, dict) else value for value in plain]
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise Invalid("This cursor is not one of ours. Start from the first page.", field="cursor") from error
    if not all(isinstance(value, str | int | float | datetime) for value in values):
        raise Invalid("This cursor is not one of ours. Start from the first page.", field="cursor")
    return values
