"""Who paid when: lives of subscriptions, and what they come to in spans of time. Pure: no database, no clock."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

from backend.core.days import day_of, monday_of, start_of

By = Literal["month", "week"]


@dataclass(frozen=True, slots=True)
class Life:
    """A subscription from when it first brought money until it ended. `worth` a month, in minor units."""

    customer_id: str
    start: datetime
    end: datetime | None
    worth: int
    is_involuntary: bool = False

    def runs_at(self, at: datetime) -> bool:
        return self.start <= at and (self.end is None or self.end > at)


@dataclass(frozen=True, slots=True)
class Span:
    """What happened from `start` until `end`: how many ran at its start, began and ended; and what ran at its end."""

    start: datetime
    end: datetime
    before: int
    started: int
    churned: int
    involuntary: int
    """Of those that churned: by failed or disputed payments."""
    running: int
    worth: int

    @property
    def churn_rate(self) -> float | None:
        """Percent of those that ran at the start; None when none did."""
        return 100 * self.churned / self.before if self.before else None


def span(lives: Iterable[Life], start: datetime, end: datetime) -> Span:
    """One span. What began and ended within it is no churn: it did not run at the start."""
    before = started = churned = involuntary = running = worth = 0
    for life in lives:
        was_running = life.runs_at(start)
        before += was_running
        started += start < life.start <= end
        if was_running and life.end is not None and life.end <= end:
            churned += 1
            involuntary += life.is_involuntary
        if life.runs_at(end):
            running += 1
            worth += life.worth
    return Span(start, end, before, started, churned, involuntary, running, worth)


def edges(now: datetime, zone: ZoneInfo, by: By, count: int) -> list[datetime]:
    """Where the last `count` local months or weeks begin, and now, where the last of them has come to."""
    day = day_of(now, zone)
    first = day.replace(day=1) if by == "month" else monday_of(day)
    days: list[date] = [first]
    while len(days) < count:
        before = days[-1] - timedelta(days=1)
        days.append(before.replace(day=1) if by == "month" else monday_of(before))
    return [*(start_of(one, zone) for one in reversed(days)), now]


def spans(lives: Sequence[Life], at: Sequence[datetime]) -> list[Span]:
    """The spans between those instants."""
    return [span(lives, start, end) for start, end in pairwise(at)]
