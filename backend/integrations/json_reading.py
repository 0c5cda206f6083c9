"""Reading JSON that others wrote: what is missing or of another type reads as empty, and no text comes out unclean."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import orjson

from backend.core.text import clean_line

_LONGEST_KEY = 128


def object_in(value: Any, *path: str) -> dict[str, Any]:
    """The object at `path`, {} when there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def objects_in(value: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects of the list called `name`."""
    items = value.get(name)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def line_in(value: dict[str, Any], name: str) -> str:
    """The text called `name`, cleaned, on one line; a whole number as its digits."""
    found = value.get(name)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return clean_line(found) if isinstance(found, str) else ""


def key_in(value: dict[str, Any], name: str) -> str:
    """An id of another system, short enough for our columns: one over 128 characters is replaced by its digest."""
    found = line_in(value, name)
    return found if len(found) <= _LONGEST_KEY else f"sha256:{hashlib.sha256(found.encode()).hexdigest()}"


def instant_in(value: dict[str, Any], name: str) -> datetime | None:
    """The ISO 8601 instant called `name` in UTC; one without a zone is taken for UTC. None when it is none."""
    try:
        found = datetime.fromisoformat(line_in(value, name))
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def moment_in(value: dict[str, Any], name: str) -> datetime | None:
    """The instant called `name` in UTC: seconds since 1970 (a number, or its digits) or ISO 8601, also with ` UTC` at
    its end. None when it is none; 0 stands for none."""
    found = value.get(name)
    if isinstance(found, str) and not found.isdecimal():
        return instant_in({name: found.removesuffix(" UTC")}, name)
    if not isinstance(found, str | int | float) or isinstance(found, bool):
        return None
    try:
        return datetime.fromtimestamp(float(found), UTC) if float(found) else None
    except (ValueError, OverflowError, OSError):
        return None


def digest_of(kind: str, *parts: Any) -> str:
    """A key of 128 characters at most for JSON values: the same for the same, whatever the order of their keys."""
    return f"{kind}:{hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()}"
