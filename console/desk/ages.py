"""How long ago, how long until, and when: instants in the few letters a column has."""

import re
from datetime import UTC, datetime, timedelta

MINUTE, HOUR, DAY = 60, 3600, 86400
NOTHING = "–"
_WRITTEN = re.compile(r"\b(\d{4}-\d\d-\d\d) (\d\d:\d\d) UTC\b")


def span(seconds: float) -> str:
    """A length of time in at most five letters: `<1m`, `12m`, `3h05`, `2d`. Below a minute it stands still."""
    seconds = max(0, int(seconds))
    if seconds < MINUTE:
        return "<1m"
    if seconds < HOUR:
        return f"{seconds // MINUTE}m"
    if seconds < DAY:
        return f"{seconds // HOUR}h{seconds % HOUR // MINUTE:02d}"
    return f"{seconds // DAY}d"


def parsed(instant: str) -> datetime:
    """An instant of the wire as an aware UTC datetime."""
    return datetime.fromisoformat(instant).astimezone(UTC)


def since(instant: str | None, now: datetime) -> str:
    """How long ago an instant of the wire was; a dash for none."""
    return NOTHING if instant is None else span((now - parsed(instant)).total_seconds())


def until(instant: str | None, now: datetime) -> str:
    """How long it is until an instant of the wire; a dash for none."""
    return NOTHING if instant is None else span((parsed(instant) - now).total_seconds())


def local(instant: str | None, now: datetime) -> str:
    """An instant of the wire in the zone of `now`: `14:03`, `Mon 14:03`, `20 Nov 14:03`, `20 Nov 2024`."""
    if instant is None:
        return NOTHING
    there = parsed(instant).astimezone(now.tzinfo)
    if there.date() == now.date():
        return f"{there:%H:%M}"
    if abs(there.date() - now.date()) < timedelta(days=6):
        return f"{there:%a %H:%M}"
    return f"{there.day} {there:%b %H:%M}" if there.year == now.year else f"{there.day} {there:%b %Y}"


def retold(text: str, now: datetime) -> str:
    """A sentence of the server, which writes instants as `2026-11-29 07:32 UTC`, with them as `local` tells them."""
    return _WRITTEN.sub(lambda found: local(f"{found[1]}T{found[2]}Z", now), text)
