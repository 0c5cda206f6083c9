"""How fast one Stripe account may be called: a token bucket, and so many calls at once."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

LIVE_PER_SECOND = 15.0
SANDBOX_PER_SECOND = 6.0
"""Stripe allows 100 and 25 a second for the whole account: the business's own programs get the rest."""
AT_ONCE = 4
_FIRST_SECONDS = 0.5
_LONGEST_SECONDS = 8.0


class Time:
    """What waiting needs. Tests give one that does not wait."""

    def __init__(
        self,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.now, self.sleep, self.chance = now, sleep, chance

    def backoff(self, tries: int) -> float:
        """Seconds to wait after so many tries: by chance between none and a bound that doubles, eight at most.

        "Full jitter" of the AWS Architecture Blog, Exponential Backoff And Jitter.
        """
        return float(min(_FIRST_SECONDS * 2.0 ** (tries - 1), _LONGEST_SECONDS) * self.chance())


class Pace:
    """Of one account, in this process."""

    def __init__(self, per_second: float, time: Time) -> None:
        self.slots = asyncio.Semaphore(AT_ONCE)
        self._each, self._time, self._next = 1.0 / per_second, time, 0.0

    async def take(self) -> None:
        """Wait for a token. An idle account has a second's worth of them."""
        now = self._time.now()
        self._next = max(self._next, now - 1.0 + self._each) + self._each
        if (seconds := self._next - self._each - now) > 0:
            await self._time.sleep(seconds)

    def hold(self, seconds: float) -> None:
        """No token for so long: Stripe said that it is too much."""
        self._next = max(self._next, self._time.now() + seconds)
