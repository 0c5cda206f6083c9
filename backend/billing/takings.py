"""What was taken, given back and taken back between two instants, by currency: whole days from roll-ups, the rest from
the rows. Both ways count the same, whichever of them a day is counted by. Of the account that is connected: what was taken
by one before it counts for nothing (see `replacing`)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, case, delete, func, select

from backend.billing import takings_keeping
from backend.billing.models import Charge, Dispute, Payout, Refund, TakingsDay
from backend.core.days import DAY, day_of, days_between, start_of
from backend.identity.service import time_zone_of
from backend.work import Work

CHARGEBACKS = ("needs_response", "under_review", "lost")
"""The dispute statuses in which money was taken back. One that was won gave it back, and an inquiry took none."""
GIVEN_BACK = ("pending", "requires_action", "succeeded")
"""The refund statuses in which money was given back, or is on its way."""
ROLLED_AT_ONCE = 31
MOST_DAYS = 800
Span = tuple[datetime, datetime]


@dataclass
class Takings:
    """Sums of one currency; money in minor units.

    `charges`: succeeded ones, of which `captured` was taken. `failed`: tries that took nothing. `refunds` and
    `chargebacks` count on the day on which they happened, whenever the charge was.
    """

    charges: int = 0
    captured: int = 0
    failed: int = 0
    refunds: int = 0
    refunded: int = 0
    chargebacks: int = 0
    charged_back: int = 0

    def add(self, more: "Takings") -> None:
        """Have what `more` has, too."""
        for name in NAMES:
            setattr(self, name, getattr(self, name) + getattr(more, name))


NAMES = tuple(field.name for field in fields(Takings))
ByCurrency = dict[str, Takings]


@dataclass
class PaidOut:
    """Payouts that were due, and those of them that arrived in time."""

    due: int = 0
    on_time: int = 0


def sums(work: Work, start: datetime, end: datetime) -> ByCurrency:
    """What happened from `start` until before `end`."""
    found: ByCurrency = {}
    rolled = _rolled(work, start, end)
    for by_currency in rolled.values():
        _add(found, by_currency)
    for first, last in _rest(work, start, end, rolled):
        _add(found, counted(work, first, last))
    return found


def counted(work: Work, start: datetime, end: datetime) -> ByCurrency:
    """The same from the rows alone."""
    found: ByCurrency = {}

    def of(currency: str) -> Takings:
        return found.setdefault(currency, Takings())

    mine = and_(
        Charge.business_id == work.business_id,
        Charge.former_account.is_(None),
        Charge.created_at >= start,
        Charge.created_at < end,
    )
    took = and_(Charge.status == "succeeded", Charge.captured > 0)
    query = select(
        Charge.currency,
        func.sum(case((took, 1), else_=0)),
        func.sum(case((took, Charge.captured), else_=0)),
        func.sum(case((Charge.status == "failed", 1), else_=0)),
    )
    for currency, number, captured, failed in work.session.execute(query.where(mine).group_by(Charge.currency)):
        one = of(currency)
        one.charges, one.captured, one.failed = int(number), int(captured), int(failed)
    mine = and_(
        Refund.business_id == work.business_id,
        Refund.former_account.is_(None),
        Refund.created_at >= start,
        Refund.created_at < end,
    )
    back = select(Refund.currency, func.count(), func.sum(Refund.amount)).where(mine, Refund.status.in_(GIVEN_BACK))
    for currency, number, amount in work.session.execute(back.group_by(Refund.currency)):
        of(currency).refunds, of(currency).refunded = int(number), int(amount)
    mine = and_(
        Dispute.business_id == work.business_id,
        Dispute.former_account.is_(None),
        Dispute.created_at >= start,
        Dispute.created_at < end,
    )
    lost = select(Dispute.currency, func.count(), func.sum(Dispute.amount)).where(mine, Dispute.status.in_(CHARGEBACKS))
    for currency, number, amount in work.session.execute(lost.group_by(Dispute.currency)):
        of(currency).chargebacks, of(currency).charged_back = int(number), int(amount)
    return found


def paid_out(work: Work, start: datetime, end: datetime) -> dict[str, PaidOut]:
    """Payouts whose day of arrival began from `start` until before `end`, by currency.

    Due are those that arrived or failed, and those whose day is over. In time is what was paid before its day was over.
    Cancelled ones are not counted.
    """
    mine = and_(
        Payout.business_id == work.business_id,
        Payout.former_account.is_(None),
        Payout.arrives_at >= start,
        Payout.arrives_at < end,
    )
    query = select(Payout.currency, Payout.status, Payout.arrives_at, Payout.paid_at)
    found: dict[str, PaidOut] = {}
    for currency, status, arrives_at, paid_at in work.session.execute(query.where(mine, Payout.status != "canceled")):
        is_over = arrives_at + timedelta(days=1) <= work.now
        if status not in ("paid", "failed") and not is_over:
            continue
        one = found.setdefault(currency, PaidOut())
        one.due += 1
        if status == "paid" and (paid_at is None or paid_at < arrives_at + timedelta(days=1)):
            one.on_time += 1
    return found


def roll_up(work: Work) -> bool:
    """Roll up days that are over, the latest first, for a while. Whether there are more."""
    takings_keeping.lock(work)
    zone = time_zone_of(work)
    here = (TakingsDay.business_id == work.business_id) & (TakingsDay.zone != zone)
    work.session.execute(delete(TakingsDay).where(here).execution_options(synchronize_session=False))
    missing = list(_missing(work, ZoneInfo(zone)))
    for day in missing[:ROLLED_AT_ONCE]:
        start, end = start_of(day, ZoneInfo(zone)), start_of(day + DAY, ZoneInfo(zone))
        about: dict[str, Any] = {"zone": zone, "day": day.isoformat(), "business_id": work.business_id}
        work.session.add(TakingsDay(currency="", **about, **dict.fromkeys(NAMES, 0)))
        for currency, one in counted(work, start, end).items():
            values = {name: getattr(one, name) for name in NAMES}
            work.session.add(TakingsDay(currency=currency, **about, **values))
    work.session.flush()
    return len(missing) > ROLLED_AT_ONCE


def first_instant(work: Work) -> datetime | None:
    """When the first charge was that is known; None when none is."""
    mine = (Charge.business_id == work.business_id) & Charge.former_account.is_(None)
    return work.session.scalar(select(func.min(Charge.created_at)).where(mine))


def _missing(work: Work, zone: ZoneInfo) -> Iterator[date]:
    first = first_instant(work)
    if first is None:
        return
    today = day_of(work.now, zone)
    earliest = max(day_of(first, zone), today - DAY * MOST_DAYS)
    mine = (TakingsDay.business_id == work.business_id) & (TakingsDay.currency == "")
    done = set(work.session.scalars(select(TakingsDay.day).where(mine, TakingsDay.zone == zone.key)))
    for day in reversed(days_between(earliest, today - DAY)):
        if day.isoformat() not in done:
            yield day


def _rolled(work: Work, start: datetime, end: datetime) -> dict[date, ByCurrency]:
    """The roll-ups of the whole days in a span; a day that was not rolled up is not there."""
    zone = ZoneInfo(time_zone_of(work))
    first, last = day_of(start, zone), day_of(end, zone) - DAY
    if start_of(first, zone) < start:
        first += DAY
    if last < first:
        return {}
    mine = (TakingsDay.business_id == work.business_id) & (TakingsDay.zone == zone.key)
    between = (TakingsDay.day >= first.isoformat()) & (TakingsDay.day <= last.isoformat())
    columns = [getattr(TakingsDay, name) for name in NAMES]
    found: dict[date, ByCurrency] = {}
    whole: set[date] = set()
    for day, currency, *values in work.session.execute(
        select(TakingsDay.day, TakingsDay.currency, *columns).where(mine, between)
    ):
        place = date.fromisoformat(day)
        if currency == "":
            whole.add(place)
        else:
            found.setdefault(place, {})[currency] = Takings(*values)
    return {day: found.get(day, {}) for day in whole}


def _rest(work: Work, start: datetime, end: datetime, rolled: Mapping[date, Any]) -> Sequence[Span]:
    """What of a span the rolled-up days leave, as few spans as may be."""
    zone = ZoneInfo(time_zone_of(work))
    spans, at = [], start
    for day in sorted(rolled):
        begins = start_of(day, zone)
        if begins > at:
            spans.append((at, begins))
        at = start_of(day + DAY, zone)
    return [*spans, (at, end)] if at < end else spans


def _add(found: ByCurrency, more: ByCurrency) -> None:
    for currency, one in more.items():
        found.setdefault(currency, Takings()).add(one)
