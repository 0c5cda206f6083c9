"""The order of the queue as one number: closed last; then priority; who waits for us first; who waits longest first."""

from datetime import datetime

from backend.core.rows import to_micros

_CLOSED = 9 * 10**17
_STEP = 10**17  # more than any instant in microseconds, until the year 5138


def rank(status: str, priority: int, waiting_since: datetime | None, created_at: datetime) -> int:
    """Where a case stands: the smaller, the sooner. Fits 63 bits."""
    if status == "CLOSED":
        return _CLOSED + to_micros(created_at)
    step = 2 * (priority - 1) + (waiting_since is None)
    return step * _STEP + to_micros(waiting_since or created_at)
