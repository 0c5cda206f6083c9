"""Milestones of orders, made of the `order_placed` signals; and which of them a case helped with."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, literal_column, or_, select

from backend.analytics.book import Book
from backend.analytics.models import BEGINNINGS, ENDS
from backend.core.money import to_minor
from backend.core.rows import table_of
from backend.signals.models import ORDER_PLACED, Signal
from backend.work import Work

MOST_ORDERS = 1_000
"""Read in one transaction."""
OVERLAP = timedelta(minutes=10)
"""Read again each time: on PostgreSQL a signal may be committed after one that was received later."""
_SIGNALS = table_of(Signal).c
# The type stands in the statement, not beside it: so the index of orders alone is used.
_IS_ORDER = _SIGNALS.type == literal_column(f"'{ORDER_PLACED}'")
Place = tuple[datetime, str, str]


def newest_order(work: Work) -> datetime | None:
    """When the newest order was received."""
    query = select(func.max(_SIGNALS.received_at)).where(_SIGNALS.business_id == work.business_id, _IS_ORDER)
    found: datetime | None = work.session.connection().execute(query).scalar_one()
    return found


def orders_since(work: Work, at: datetime | None) -> int:
    """How many orders were received in the minutes before `at` and after it; of all time for None."""
    query = select(func.count()).where(_SIGNALS.business_id == work.business_id, _IS_ORDER)
    if at is not None:
        query = query.where(_SIGNALS.received_at >= at - OVERLAP)
    return int(work.session.connection().execute(query).scalar_one())


def count_orders(work: Work, book: Book, after: Place | None, currency: str, within: timedelta) -> Place | None:
    """Add the orders after `after` to `book`; where the next page begins, None when there is none.

    `within` is how long before an order a case may have been closed to have helped with it.
    """
    s = _SIGNALS
    query = select(s.received_at, s.customer_id, s.id, s.occurred_at, s.value, s.properties)
    query = query.where(s.business_id == work.business_id, _IS_ORDER)
    if after is not None:
        at, customer, id = after
        query = query.where(
            or_(
                s.received_at > at,
                and_(s.received_at == at, or_(s.customer_id > customer, and_(s.customer_id == customer, s.id > id))),
            )
        )
    ordered = query.order_by(s.received_at, s.customer_id, s.id).limit(MOST_ORDERS)
    rows = work.session.connection().execute(ordered).all()
    book.load_customers({row.customer_id for row in rows})
    for row in sorted(rows, key=lambda row: (row.occurred_at, row.customer_id, row.id)):
        source = f"{row.customer_id}:{row.id}"
        if book.has("order", source):
            continue
        helper = _helper(book.of_customer(row.customer_id), row.occurred_at, within)
        amount = (row.properties or {}).get("amount", row.value)
        book.add(
            "order",
            source,
            row.occurred_at,
            customer_id=row.customer_id,
            incidence_id=helper and helper["incidence_id"],
            amount=None if amount is None else to_minor(amount, currency),
        )
        if helper is not None:
            book.change(helper, is_converted=True)
    last = rows[-1] if len(rows) == MOST_ORDERS else None
    return (last.received_at, last.customer_id, last.id) if last else None


def _helper(cases: Iterable[list[dict[str, Any]]], at: datetime, within: timedelta) -> dict[str, Any] | None:
    """The milestone of help that an order at `at` is owed to: of the case that got help last before it."""
    found = [help for case in cases if (help := _help_of(case, at, within)) is not None]
    return max(found, key=lambda help: (help["at"], int(help["source"])), default=None)


def _help_of(case: Iterable[Mapping[str, Any]], at: datetime, within: timedelta) -> Any:
    """The milestone of help of a case, if it had come by then and the case was open within the time before."""
    before = sorted((row for row in case if row["at"] <= at), key=lambda row: int(row["source"]))
    help = next((row for row in before if row["kind"] == "helped"), None)
    turns = [row for row in before if row["kind"] in (*BEGINNINGS, *ENDS)]
    if help is None or (turns[-1]["kind"] in ENDS and turns[-1]["at"] < at - within):
        return None
    return help
