"""When something is sent: gathered, by the hour, by the day, and not in the quiet hours of who gets it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

When = Literal["NOW", "HOURLY", "DAILY"]
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Times:
    """Somebody's hours: their zone, when they want quiet (None: never), and when their digest comes."""

    zone: ZoneInfo
    quiet: tuple[time, time] | None
    digest_at: time

    @classmethod
    def of(cls, settings: Mapping[str, Any], zone: str, own: Mapping[str, Any]) -> Self:
        """From the settings of the `alert` rules, the business's zone, and what a member wants otherwise."""
        wanted = {**{name: settings[name] for name in ("quietFrom", "quietTo", "digestAt")}, **own}
        edges = wanted["quietFrom"], wanted["quietTo"]
        quiet = (time.fromisoformat(edges[0]), time.fromisoformat(edges[1])) if all(edges) else None
        return cls(ZoneInfo(wanted.get("zone") or zone), quiet, time.fromisoformat(wanted["digestAt"]))


def due(now: datetime, when: When, times: Times, gather_seconds: float, *, is_loud: bool) -> datetime:
    """When what comes in `now` is sent. What is not loud waits for the end of quiet hours."""
    match when:
        case "NOW":
            at = now + timedelta(seconds=gather_seconds)
        case "HOURLY":
            local = now.astimezone(times.zone)
            at = now + _HOUR - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        case "DAILY":
            at = following(now, times.digest_at, times.zone)
    return at if is_loud else waking(at, times)


def waking(at: datetime, times: Times) -> datetime:
    """`at` when it is not in quiet hours, else their end. What counts is whether they have ended since they last began:
    an hour that comes twice would be quiet again by what the clock shows, until the next day."""
    if times.quiet is None or times.quiet[0] == times.quiet[1]:
        return at
    begin, end = times.quiet
    day = at.astimezone(times.zone).date()
    began = next(
        start
        for back in (0, 1, 2)
        if (start := datetime.combine(day - back * _DAY, begin, times.zone).astimezone(UTC)) <= at
    )
    over = following(began, end, times.zone)
    return over if at < over else at


def following(now: datetime, clock: time, zone: ZoneInfo) -> datetime:
    """The first instant after `now` at which the clocks of `zone` show `clock`."""
    day = now.astimezone(zone).date()
    while True:
        at = datetime.combine(day, clock, zone).astimezone(UTC)
        if at > now:
            return at
        day += _DAY
