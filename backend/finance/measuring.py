"""From what moved money to the metrics of a period: the sums of billing, currency by currency."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from backend.billing import takings
from backend.billing.takings import PaidOut, Span, Takings
from backend.core.days import DAY, start_of
from backend.core.errors import Invalid
from backend.finance.figures import Figures, figures
from backend.identity.service import currency_of, time_zone_of
from backend.rules import service as rules
from backend.work import Work

LONGEST = 800
"""Days."""


@dataclass(frozen=True)
class Measured:
    """The metrics of a period. `own` is of the business's currency, `others` of all other currencies that moved in it."""

    start: datetime
    end: datetime
    zone: str
    volatility_days: int
    own: Figures
    others: Sequence[Figures]


def measure_latest(work: Work, *, end: datetime | None = None) -> Measured:
    """The metrics of the days before now (or `end`), as many as the readiness rules say."""
    end = end or work.now
    days = int(rules.current(work, "readiness").settings["periodDays"])
    return measure(work, end - timedelta(days=days), end)


def measure_days(work: Work, first: date, last: date) -> Measured:
    """The metrics of local days, both included. Invalid when they are no span, or too long a one."""
    if last < first or (last - first).days >= LONGEST:
        raise Invalid(f"to: must be a day from `from` on, and at most {LONGEST} days after it.", field="to")
    zone = ZoneInfo(time_zone_of(work))
    return measure(work, start_of(first, zone), min(start_of(last + DAY, zone), max(work.now, start_of(first, zone))))


def measure(work: Work, start: datetime, end: datetime) -> Measured:
    """The metrics from `start` until before `end`."""
    length = int(rules.current(work, "readiness").settings["volatilityDays"])
    taken, paid_out = takings.sums(work, start, end), takings.paid_out(work, start, end)
    first = takings.first_instant(work)
    is_compared = first is not None and first < start
    before = takings.sums(work, start - (end - start), start) if is_compared else {}
    spans = [takings.sums(work, *span) for span in spans_of(start, end, length)]

    def of(currency: str) -> Figures:
        series = [span.get(currency, Takings()).captured for span in spans]
        was = before.get(currency, Takings()).captured if is_compared else None
        return figures(currency, taken.get(currency, Takings()), series, paid_out.get(currency, PaidOut()), was)

    own = currency_of(work)
    moved = sorted((taken.keys() | paid_out.keys()) - {own})
    return Measured(start, end, time_zone_of(work), length, of(own), [of(one) for one in moved])


def spans_of(start: datetime, end: datetime, days: int) -> list[Span]:
    """Spans of so many times 24 hours that end where the period ends, the earliest first; what is left over is left."""
    length = timedelta(days=days)
    number = (end - start) // length
    return [(end - length * place, end - length * (place - 1)) for place in range(number, 0, -1)]
