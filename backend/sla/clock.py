"""One target's clock: it runs through business hours, pauses, goes on, and is set to another target in flight."""

from datetime import datetime, timedelta
from typing import NamedTuple

from backend.sla.calendar import Calendar


class Target(NamedTuple):
    """What a clock runs against: `seconds` of business time, None for no promise; warned `warn_before` its end."""

    seconds: int | None
    warn_before: float


class Clock(NamedTuple):
    """`used` seconds of business time were counted before `since`, from when it runs; a paused one has no `since`.

    `due` and `warn` are the instants at which it is over and at which somebody is told before; a clock that is paused,
    or runs against no target, has none.
    """

    used: float = 0.0
    since: datetime | None = None
    due: datetime | None = None
    warn: datetime | None = None
    is_warned: bool = False
    is_breached: bool = False

    @property
    def next_at(self) -> datetime | None:
        """When it has something to say; None when it is silent for now."""
        if self.is_breached:
            return None
        return self.due if self.is_warned else self.warn

    def resume(self, target: Target, calendar: Calendar, at: datetime) -> "Clock":
        """It runs from `at` on, against `target`. A clock that runs already goes on as it is."""
        if self.since is not None:
            return self
        resumed = _set(self._replace(since=at), target, calendar)
        # Missed before it paused, and given more time meanwhile: what was missed is on record, and it runs anew.
        return resumed if not self.is_breached or _is_over(resumed, at) else _fresh(resumed)

    def pause(self, calendar: Calendar, at: datetime) -> "Clock":
        """It stands still from `at` on."""
        if self.since is None:
            return self
        return self._replace(used=self.used_at(calendar, at), since=None, due=None, warn=None)

    def aim(self, target: Target, calendar: Calendar, now: datetime) -> "Clock":
        """Run against another target or other hours, as if they had held since it runs; what was used before stays.

        A due instant that does not move says nothing twice. One that moves ahead may be warned of and missed anew.
        """
        if self.since is None:  # judged when it goes on
            return self
        aimed = _set(self, target, calendar)
        if aimed.due == self.due and aimed.warn == self.warn:
            return aimed
        return aimed if self.is_breached and _is_over(aimed, now) else _fresh(aimed)

    def used_at(self, calendar: Calendar, at: datetime) -> float:
        """Seconds of business time used until `at`."""
        return self.used if self.since is None else round(self.used + calendar.between(self.since, at), 6)

    def is_due(self, at: datetime) -> bool:
        """Whether it is over at `at`, and nobody has taken note of it."""
        return not self.is_breached and _is_over(self, at)


def _is_over(clock: Clock, at: datetime) -> bool:
    return clock.due is not None and clock.due <= at


def _fresh(clock: Clock) -> Clock:
    return clock._replace(is_warned=False, is_breached=False)


def _set(clock: Clock, target: Target, calendar: Calendar) -> Clock:
    if target.seconds is None or clock.since is None:
        return clock._replace(due=None, warn=None)
    left = target.seconds - clock.used
    if left <= 0:  # it was over before it paused
        return clock._replace(due=clock.since + timedelta(seconds=left), warn=clock.since)
    due = calendar.add(clock.since, left)
    return clock._replace(due=due, warn=calendar.add(clock.since, left - target.warn_before))
