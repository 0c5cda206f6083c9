"""Local days as spans of instants. A day has 23, 24 or 25 hours, or some other number: only its edges count."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day, in UTC. Where midnight is skipped, the day begins when the clocks jump."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def day_of(at: datetime, zone: ZoneInfo) -> date:
    """The local day that holds an instant: the last one to begin before it, though clocks may show the one before."""
    day = at.astimezone(zone).date()
    return day + DAY if start_of(day + DAY, zone) <= at else day


def days_between(first: date, last: date) -> list[date]:
    """From `first` to `last`, both included."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def edges_of(first: date, last: date, zone: ZoneInfo) -> list[datetime]:
    """Where the days from `first` to `last` begin, and where the last one ends."""
    return [start_of(day, zone) for day in days_between(first, last + DAY)]


def hours_of(first: date, last: date, zone: ZoneInfo) -> list[datetime]:
    """The hours of these days: whole ones from each midnight on, the last of a day shorter where a day is no whole
    number of hours."""
    edges: list[datetime] = []
    for start, end in zip(edges_of(first, last, zone)[:-1], edges_of(first, last, zone)[1:], strict=True):
        at = start
        while at < end:
            edges.append(at)
            at += timedelta(hours=1)
    return [*edges, start_of(last + DAY, zone)]


def place_in(edges: Sequence[datetime], at: datetime) -> int:
    """Which span between two edges holds an instant: -1 before the first, len(edges) - 1 after the last."""
    return bisect_right(edges, at) - 1


def monday_of(day: date) -> date:
    """The Monday of its week."""
    return day - timedelta(days=day.weekday())
