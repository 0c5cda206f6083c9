"""Rolling milestones up by the business's local days. A roll-up is always the sum of its day's rows, never adjusted."""

from collections.abc import Iterable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert

from backend.analytics.metrics import PARTS
from backend.analytics.models import AnalyticsDaily, AnalyticsState
from backend.analytics.query import first_day, gather, zone_of
from backend.core.days import day_of, edges_of
from backend.core.rows import table_of
from backend.work import Work

MOST_DAYS = 31
"""Rolled up in one transaction."""
_TABLE = table_of(AnalyticsDaily)
_INSERT = insert(_TABLE)


def roll(work: Work, state: AnalyticsState, days: Iterable[date]) -> None:
    """Roll these days up anew, from their rows."""
    zone = ZoneInfo(state.zone)
    for first, last in _runs(sorted(days)):
        mine = (_TABLE.c.business_id == work.business_id) & _TABLE.c.day.between(first, last)
        work.session.connection().execute(delete(_TABLE).where(mine))
        sums = gather(work, edges_of(first, last, zone), PARTS, from_rows=True)
        rows = [
            {
                "business_id": work.business_id,
                "day": first + timedelta(days=number),
                "metric": metric,
                "dimension": dimension,
                "count": one.count,
                "total": one.total,
                "spread": sorted(one.spread.items()) if one.spread else None,
            }
            for number, of_day in enumerate(sums)
            for (metric, dimension), one in of_day.items()
        ]
        if rows:
            work.session.connection().execute(_INSERT, rows)


def _runs(days: list[date]) -> Iterable[tuple[date, date]]:
    """Days in order as spans of days that follow one another, none longer than fits in one go."""
    start = 0
    for at, day in enumerate(days):
        is_last = at + 1 == len(days) or days[at + 1] - day > timedelta(days=1)
        if is_last or at - start + 1 == MOST_DAYS:
            yield days[start], day
            start = at + 1


def follow_zone(work: Work, state: AnalyticsState) -> bool:
    """When the business has moved to another zone, its days are others: forget the roll-ups. Whether it had."""
    zone = zone_of(work)
    if state.zone == zone.key:
        return False
    work.session.connection().execute(delete(_TABLE).where(_TABLE.c.business_id == work.business_id))
    state.zone, state.rolled_until = zone.key, None
    return True


def roll_next(work: Work, state: AnalyticsState) -> bool:
    """Roll up the next days that are over, a month of them at most; whether there are more."""
    zone = ZoneInfo(state.zone)
    today = day_of(work.now, zone)
    if state.rolled_until is None:
        state.rolled_until = min(first_day(work, zone) or today, today)
    last = min(state.rolled_until + timedelta(days=MOST_DAYS), today)
    if state.rolled_until < last:
        roll(work, state, [state.rolled_until + timedelta(days=n) for n in range((last - state.rolled_until).days)])
        state.rolled_until = last
    return last < today


def roll_touched(work: Work, state: AnalyticsState, days: Iterable[date]) -> None:
    """Roll the days again that are rolled up already and got something late, or had something changed."""
    if state.rolled_until is not None:
        roll(work, state, {day for day in days if day < state.rolled_until})
