"""Until when something sleeps, as people say it."""

import re
from datetime import UTC, datetime, timedelta

from widgets.prompt import Option

MORNING = 9
"""The hour at which a day begins for `tomorrow` and `monday`."""

_LENGTH = re.compile(r"(\d{1,4})\s*(m|min|h|d|w)")
_CLOCK = re.compile(r"(?:(\w+)\s+)?(\d{1,2})(?::(\d{2}))?")
_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

CHOICES = (
    Option("15m", "15 minutes"),
    Option("1h", "1 hour"),
    Option("4h", "4 hours"),
    Option("tomorrow", "Tomorrow", "at 9:00"),
)


class Unclear(ValueError):
    """A time that cannot be read; the message says what can."""


def wake_at(text: str, now: datetime) -> datetime:
    """The instant meant by `45m`, `2h`, `3d`, `18:30`, `tomorrow`, `tomorrow 9:00`, `monday`, `fri 14:00`; in UTC.

    Times of day are those of the zone of `now`; one that has passed means the next day. Unclear when it cannot be read.
    """
    said = text.strip().casefold()
    if match := _LENGTH.fullmatch(said):
        wanted = now + timedelta(**{_UNITS[match[2]]: int(match[1])})
    else:
        wanted = _by_the_clock(said, now)
    if wanted <= now:
        raise Unclear("That is not in the future.")
    return wanted.astimezone(UTC)


def _by_the_clock(said: str, here: datetime) -> datetime:
    day, hour, minute = said or "?", MORNING, 0
    if match := _CLOCK.fullmatch(said):
        day, hour, minute = match[1] or "", int(match[2]), int(match[3] or 0)
    if hour > 23 or minute > 59 or (match and not match[1] and match[3] is None):
        raise Unclear(_help(said))
    days = _days_ahead(day, here)
    if days is None:
        raise Unclear(_help(said))
    at = here.replace(hour=hour, minute=minute, second=0, microsecond=0) + timedelta(days=days)
    return at if day or at > here else at + timedelta(days=1)


def _days_ahead(day: str, here: datetime) -> int | None:
    if day in ("", "today"):
        return 0
    if day == "tomorrow":
        return 1
    named = [place for place, name in enumerate(_DAYS) if len(day) >= 2 and name.startswith(day)]
    return (named[0] - here.weekday() - 1) % 7 + 1 if len(named) == 1 else None


def _help(said: str) -> str:
    return f"{said!r} is no time; try 45m, 2h, 3d, 18:30, tomorrow 9:00 or monday."
