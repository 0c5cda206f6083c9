"""The visits of one customer, made of their signals: silence ends one, and so do an order and a goodbye."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select, tuple_

from backend.core import cursor as cursors
from backend.core.errors import Invalid
from backend.core.rows import table_of
from backend.customers import service as customers
from backend.signals.models import ORDER_ID, ORDER_PLACED, Signal
from backend.signals.schemas import VisitPage, VisitRead
from backend.signals.visit import ENDINGS
from backend.work import Work

_SIGNALS = table_of(Signal).c
MOST_PAGES = 50
"""Screens that are told of one visit, from its beginning on."""
_AT_ONCE = 500


class Seen(NamedTuple):
    """One signal, as a visit needs it."""

    at: datetime
    id: str
    type: str
    screen: str | None
    properties: dict[str, Any] | None


def list_visits(work: Work, id: str, *, timeout: timedelta, cursor: str | None, limit: int) -> VisitPage:
    """A page of visits, the latest first. One select, read no further than the page goes."""
    customer = customers.find_customer(work, id)
    place = cursors.decode(cursor)
    mine = (_SIGNALS.business_id == work.business_id) & (_SIGNALS.customer_id == customer.id)
    names = (_SIGNALS.occurred_at, _SIGNALS.id, _SIGNALS.type, _SIGNALS.screen, _SIGNALS.properties)
    query = select(*names).where(mine)
    match place:
        case None:
            pass
        case [datetime() as at, str(last)] if at.tzinfo:
            query = query.where(tuple_(_SIGNALS.occurred_at, _SIGNALS.id) < (at, last))
        case _:
            raise Invalid("This cursor is not one of this list. Start from the first page.", field="cursor")
    query = query.order_by(_SIGNALS.occurred_at.desc(), _SIGNALS.id.desc())
    rows = work.session.connection().execute(query.execution_options(yield_per=_AT_ONCE))
    found: list[VisitRead] = []
    start: list[Any] = []
    following = None
    for signals in visits_of((Seen(*row) for row in rows), timeout):
        if len(found) == limit:
            following = cursors.encode(start)
            break
        start = [signals[0].at, signals[0].id]
        found.append(_told(signals, work.now, timeout, is_latest=place is None and not found))
    rows.close()
    return VisitPage(items=found, next_cursor=following)


def visits_of(latest_first: Iterable[Seen], timeout: timedelta) -> Iterator[list[Seen]]:
    """Signals from the latest on, as visits from the latest on; within a visit from the first on."""
    visit: list[Seen] = []
    for one in latest_first:
        if visit and (one.type in ENDINGS or visit[-1].at - one.at >= timeout):
            yield visit[::-1]
            visit = []
        visit.append(one)
    if visit:
        yield visit[::-1]


def _told(signals: list[Seen], now: datetime, timeout: timedelta, *, is_latest: bool) -> VisitRead:
    first, last = signals[0], signals[-1]
    is_live = is_latest and last.type not in ENDINGS and now - last.at < timeout
    pages: list[str] = []
    for one in signals:
        if one.screen is not None and one.screen != (pages[-1] if pages else None):
            pages.append(one.screen)
    order = next((one for one in signals if one.type == ORDER_PLACED), None)
    return VisitRead(
        started_at=first.at,
        ended_at=None if is_live else last.at,
        is_live=is_live,
        ended_by=None if is_live else last.type if last.type in ENDINGS else "silence",
        seconds=int((last.at - first.at).total_seconds()),
        actions=len(signals),
        by_type=dict(Counter(one.type for one in signals).most_common()),
        pages=pages[:MOST_PAGES],
        page_views=len(pages),
        order_id=None if order is None else (order.properties or {}).get(ORDER_ID),
    )
