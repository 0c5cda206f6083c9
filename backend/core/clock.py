"""Time goes through a Clock: real in production, frozen in tests, fast in the demo."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where the present comes from."""

    def now(self) -> datetime:
        """The present as an aware UTC instant."""
        ...

    async def sleep_until(self, instant: datetime, wake: asyncio.Event, at_most: float) -> None:
        """Wait until `instant`, until `wake` is set, or for `at_most` real seconds, whichever comes first."""
        ...


async def _wait(wake: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(max(seconds, 0)):
            await wake.wait()
    except TimeoutError:
        pass


class RealClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep_until(self, instant: datetime, wake: asyncio.Event, at_most: float) -> None:
        await _wait(wake, min((instant - self.now()).total_seconds(), at_most))


class FrozenClock:
    """Stands still until a test says `advance`."""

    def __init__(self, at: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)) -> None:
        self._now = at

    def now(self) -> datetime:
        return self._now

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> datetime:
        """Move the present forward and return it."""
        self._now += timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        return self._now

    async def sleep_until(self, instant: datetime, wake: asyncio.Event, at_most: float) -> None:
        await _wait(wake, 0 if instant <= self._now else at_most)


def instant(value: datetime) -> str:
    """An aware datetime as ISO 8601 in UTC with a `Z`, to the microsecond; sorts as text."""
    at = value if value.tzinfo is UTC else value.astimezone(UTC)
    return at.isoformat("T", "microseconds")[:-6] + "Z"  # a case's row has fourteen of them
