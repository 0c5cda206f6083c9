"""What was known of customers in a span of days: read for some hundreds at a time, and of each only those days."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import NamedTuple

from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased

from backend.billing.models import Invoice, Subscription
from backend.billing.revenue import monthly
from backend.core.money import exponent, to_major
from backend.core.rows import table_of
from backend.customers.models import Customer
from backend.identity.service import currency_of
from backend.interventions.models import Intervention
from backend.risk.models import RiskScore
from backend.work import Work

AT_ONCE = 500
"""Customers in one statement."""
_BUCKETS = 256
_CUSTOMERS, _SCORES = table_of(Customer).c, table_of(RiskScore).c
_INVOICES, _SUBSCRIPTIONS = table_of(Invoice).c, table_of(Subscription).c


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of one customer: scores and payments by time, and subscriptions (start, end, interval, monthly)."""

    since: datetime
    scores: tuple[Sequence[datetime], Sequence[tuple[int, str]]]
    payments: tuple[Sequence[datetime], Sequence[float]]
    """Instants, and all that was paid up to each."""
    subscriptions: Sequence[tuple[datetime, datetime | None, str, float]]

    def score(self, at: datetime) -> tuple[int, str] | None:
        """The score then and its level; None when there was none yet."""
        times, values = self.scores
        place = bisect_right(times, at)
        return values[place - 1] if place else None

    def paid(self, at: datetime) -> float:
        """All that was paid up to then, since what is read begins."""
        times, sums = self.payments
        place = bisect_right(times, at)
        return sums[place - 1] if place else 0.0


class Drawn(NamedTuple):
    """Customers, and in words how they were drawn: nothing when they are all that there are."""

    ids: list[str]
    words: str


def draw(work: Work, most: int) -> Drawn:
    """The business's customers, of many only so many of them, about: by the end of their ids, which is made of chance."""
    mine = (_CUSTOMERS.business_id == work.business_id) & _CUSTOMERS.erased_at.is_(None)
    connection = work.session.connection()
    every = connection.scalar(select(func.count()).where(mine)) or 0
    query = select(_CUSTOMERS.id).where(mine).order_by(_CUSTOMERS.id)
    if every <= most:
        return Drawn(list(connection.scalars(query)), "")
    kept = max(_BUCKETS * most // every, 1)
    ids = list(connection.scalars(query.where(func.substr(_CUSTOMERS.id, 35, 2) < f"{kept:02x}")))
    return Drawn(ids, f" Of {every:,} customers, {len(ids):,} drawn by chance were looked at for who is alike.")


def begun_since(work: Work, first: datetime) -> dict[str, datetime]:
    """When the first intervention of each customer began, of those for whom that was not before `first`."""
    row, before = Intervention, aliased(Intervention)
    earlier = exists().where(
        before.business_id == work.business_id, before.customer_id == row.customer_id, before.created_at < first
    )
    query = (
        select(row.customer_id, func.min(row.created_at))
        .join(Customer, Customer.id == row.customer_id)
        .where(row.business_id == work.business_id, row.created_at >= first, Customer.erased_at.is_(None), ~earlier)
        .group_by(row.customer_id)
    )
    return dict(work.session.execute(query).tuples().all())


def begun_of(work: Work, ids: Collection[str]) -> dict[str, datetime]:
    """When the first intervention of these customers began, of those who ever got one."""
    row = Intervention
    query = select(row.customer_id, func.min(row.created_at)).where(
        row.business_id == work.business_id, row.customer_id.in_(ids)
    )
    return dict(work.session.execute(query.group_by(row.customer_id)).tuples().all())


def pasts(work: Work, ids: Sequence[str], first: datetime, span: timedelta) -> Iterator[dict[str, Past]]:
    """The pasts of these customers, page by page: scores as of `first` and later, payments from `span` before it.

    Who never had a score is left out. Amounts in major units of the business's currency.
    """
    currency = currency_of(work)
    for start in range(0, len(ids), AT_ONCE):
        yield _page(work, ids[start : start + AT_ONCE], first, first - span, currency)


def _page(work: Work, ids: Sequence[str], first: datetime, paid_from: datetime, currency: str) -> dict[str, Past]:
    own, connection = work.business_id, work.session.connection()
    theirs = (_SCORES.business_id == own) & _SCORES.customer_id.in_(ids)
    columns = (_SCORES.customer_id, _SCORES.calculated_at, _SCORES.score, _SCORES.level, _SCORES.id)
    newest = func.max(_SCORES.calculated_at).label("at")
    last = select(_SCORES.customer_id, newest).where(theirs, _SCORES.calculated_at < first)
    was = last.group_by(_SCORES.customer_id).subquery()
    same = (_SCORES.customer_id == was.c.customer_id) & (_SCORES.calculated_at == was.c.at)
    before = select(*columns).join(was, same).where(_SCORES.business_id == own)
    later = select(*columns).where(theirs, _SCORES.calculated_at >= first)
    rated: dict[str, tuple[list[datetime], list[tuple[int, str]]]] = defaultdict(lambda: ([], []))
    found = [*connection.execute(before), *connection.execute(later)]
    for id, at, score, level, _ in sorted(found, key=lambda row: (row.calculated_at, row.id)):
        rated[id][0].append(at)
        rated[id][1].append((score, level))
    paid: dict[str, tuple[list[datetime], list[float]]] = defaultdict(lambda: ([], []))
    amounts = ("customer_id", "paid_at", "amount_paid", "refunded", "disputed", "tax", "total")
    for id, at, amount, refunded, disputed, tax, total in connection.execute(
        select(*(_INVOICES[name] for name in amounts))
        .where(_INVOICES.business_id == own, _INVOICES.customer_id.in_(ids), _INVOICES.paid_at > paid_from)
        .where(_INVOICES.status == "paid", func.upper(_INVOICES.currency) == currency)
        .order_by(_INVOICES.paid_at)
    ):
        kept = amount - refunded - disputed
        paid[id][0].append(at)
        paid[id][1].append(float(to_major(kept - (round(kept * tax / total) if total else 0), currency)))
    bought: dict[str, list[tuple[datetime, datetime | None, str, float]]] = defaultdict(list)
    names = ("customer_id", "started_at", "ended_at", "interval", "interval_count", "amount", "currency")
    for id, start, end, interval, count, amount, priced in connection.execute(
        select(*(_SUBSCRIPTIONS[name] for name in names))
        .where(_SUBSCRIPTIONS.business_id == own, _SUBSCRIPTIONS.customer_id.in_(ids))
        .order_by(_SUBSCRIPTIONS.started_at, _SUBSCRIPTIONS.id)
    ):
        worth = float(monthly(amount, interval, count)) / 10 ** exponent(priced)
        bought[id].append((start, end, f"{count} {interval}", worth))
    known = select(_CUSTOMERS.id, _CUSTOMERS.created_at).where(
        _CUSTOMERS.business_id == own, _CUSTOMERS.id.in_(ids), _CUSTOMERS.erased_at.is_(None)
    )
    return {
        id: Past(since, rated[id], (paid[id][0], list(accumulate(paid[id][1]))), bought[id])
        for id, since in connection.execute(known.order_by(_CUSTOMERS.id))
        if id in rated
    }
