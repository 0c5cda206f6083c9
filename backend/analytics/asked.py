"""Which days somebody asks about: from a day to a day, both included, in a zone that every answer names."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from backend.analytics.query import state_of, zone_of
from backend.core.clock import instant
from backend.core.days import day_of, edges_of
from backend.core.errors import Invalid
from backend.work import Work

DAYS = 7
"""Asked about when nothing is said."""
MOST_DAYS = 800
_EARLIEST, _LATEST = date(2000, 1, 1), date(2199, 12, 31)


@dataclass(frozen=True)
class Asked:
    """Some local days of a zone."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def edges(self) -> list[datetime]:
        """Where each of the days begins, and where the last ends."""
        return edges_of(self.first, self.last, self.zone)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def before(self) -> "Asked":
        """As many days just before these."""
        return Asked(self.first - timedelta(days=self.days), self.first - timedelta(days=1), self.zone)

    def told(self, work: Work) -> dict[str, Any]:
        """What every answer says of them. `asOf` is the event up to which all is counted."""
        edges, state = self.edges, state_of(work)
        return {
            "from": self.first.isoformat(),
            "to": self.last.isoformat(),
            "zone": self.zone.key,
            "start": instant(edges[0]),
            "end": instant(edges[-1]),
            "asOf": state.seq if state else 0,
        }


def asked_of(work: Work, first: date | None, last: date | None, zone: str | None, *, most: int = MOST_DAYS) -> Asked:
    """The days from `first` to `last` in `zone`: the last seven up to today in the business's, where nothing is said."""
    where = ZoneInfo(zone) if zone else zone_of(work)
    last = last or max(day_of(work.now, where), first or _EARLIEST)
    if first is None:
        first = max(last, _EARLIEST + timedelta(days=DAYS)) - timedelta(days=DAYS - 1)
    if first < _EARLIEST or last > _LATEST:
        raise Invalid(f"from and to: lie between {_EARLIEST} and {_LATEST}", field="from")
    if first > last:
        raise Invalid("from: is after to", field="from")
    if (last - first).days >= most:
        raise Invalid(f"from: is more than {most} days before to", field="from", limit=most)
    return Asked(first, last, where)
