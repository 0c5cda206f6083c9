"""Rate limits: a moving window a minute, in this process's memory."""

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from backend.core.clock import Clock
from backend.core.errors import RateLimited


class RateLimit:
    """At most `per_minute` hits per name in any minute."""

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self._item = RateLimitItemPerMinute(per_minute)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._clock = clock

    def hit(self, *name: str) -> None:
        """Count one; RateLimited with Retry-After (seconds) when it is one too many."""
        if not self._limiter.hit(self._item, *name):
            reset, _ = self._limiter.get_window_stats(self._item, *name)
            seconds = max(1, round(reset - self._clock.now().timestamp()))
            raise RateLimited(
                f"Too many requests. Try again in {seconds} s.", headers={"Retry-After": str(seconds)}, retryAfter=seconds
            )
