"""Rate limits: a moving window of a minute, in this process's memory."""

from collections import OrderedDict, deque
from datetime import datetime, timedelta
from math import ceil

from backend.core.clock import Clock
from backend.core.errors import RateLimited

_WINDOW = timedelta(minutes=1)
_NAMES_AT_MOST = 50_000


class RateLimit:
    """At most `per_minute` hits per name in any minute of the clock. `what` they are is said to who made too many."""

    def __init__(self, per_minute: int, clock: Clock, what: str = "requests") -> None:
        self._per_minute, self._clock, self._what = per_minute, clock, what
        self._hits: OrderedDict[tuple[str, ...], deque[datetime]] = OrderedDict()

    def hit(self, *name: str) -> None:
        """Count one; RateLimited with Retry-After (seconds) when it is one too many, which is not counted."""
        now = self._clock.now()
        hits = self._hits.setdefault(name, deque())
        self._hits.move_to_end(name)
        while hits and hits[0] <= now - _WINDOW:
            hits.popleft()
        if len(hits) >= self._per_minute:
            seconds = max(1, ceil((hits[0] + _WINDOW - now).total_seconds()))
            raise RateLimited(
                f"Too many {self._what}. Try again in {seconds} s.",
                headers={"Retry-After": str(seconds)},
                retryAfter=seconds,
            )
        hits.append(now)
        if len(self._hits) > _NAMES_AT_MOST:
            self._hits.popitem(last=False)  # the name that has been quiet the longest
