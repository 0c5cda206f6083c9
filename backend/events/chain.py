"""The chain: each event's hash covers its fields, the digest of its body and the hash before it."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson

GENESIS = "0" * 64


def digest(body: dict[str, Any] | None, state: dict[str, Any] | None) -> str:
    """SHA-256 over the body and state as JSON with sorted keys, 64 hex digits."""
    return hashlib.sha256(orjson.dumps([body, state], option=orjson.OPT_SORT_KEYS)).hexdigest()


def link(prev_hash: str, fields: Sequence[Any]) -> str:
    """The hash of an event: SHA-256 over the previous hash and the event's fields in the order of `FIELDS`."""
    plain = [field.timestamp() if isinstance(field, datetime) else field for field in fields]
    return hashlib.sha256(orjson.dumps([prev_hash, *plain])).hexdigest()


FIELDS = (
    "business_id seq id type subject_id incidence_id customer_id actor_kind actor_id request_id"
    " occurred_at recorded_at body_digest"
).split()


def first_broken(rows: Iterable[Any], prev_hash: str = GENESIS, expected: int = 1) -> tuple[int, str] | None:
    """The first seq that does not fit and why, or None. `rows` have the FIELDS, prev_hash, hash, body and state, by seq."""
    for row in rows:
        if row.seq != expected:
            return expected, "missing"
        if row.prev_hash != prev_hash:
            return row.seq, "does not follow the one before it"
        if link(prev_hash, [getattr(row, name) for name in FIELDS]) != row.hash:
            return row.seq, "was changed"
        is_erased = row.body is None and row.state is None
        if not is_erased and digest(row.body, row.state) != row.body_digest:
            return row.seq, "its words were changed"
        prev_hash, expected = row.hash, expected + 1
    return None
