"""Opaque cursors of lists: where a page ended, as text that a client gives back."""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from backend.core.errors import Invalid

_LARGEST = 2**63 - 1


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
        return [_value(value) for value in plain]
    except (ValueError, TypeError, OverflowError, binascii.Error) as error:
        raise Invalid("This cursor is not one of ours. Start from the first page.", field="cursor") from error


def seq_of(cursor: str | None) -> int | None:
    """The seq that a cursor over events stands for. Invalid when it is not one of those."""
    match decode(cursor):
        case None:
            return None
        case [int(seq)]:
            return seq
    raise Invalid("This cursor is not one of this list. Start from the first page.", field="cursor")


def _value(plain: Any) -> Any:
    """What a database can compare with; ValueError for anything else."""
    match plain:
        case {"at": str(at)} if (instant := datetime.fromisoformat(at)).tzinfo:
            return instant.astimezone(UTC)
        case bool():
            pass
        case str() | float():
            return plain
        case int() if -_LARGEST <= plain <= _LARGEST:
            return plain
    raise ValueError("no value of a cursor")
