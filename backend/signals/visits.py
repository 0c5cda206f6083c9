"""The visits of one customer, made of their signals: silence ends one, and so do an order and a goodbye.

Who is never silent is told of in parts, so that no page reads more than it tells: after a day, or that many signals.
"""

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
from backend.signals.visit import ENDINGS, LONGEST
from backend.work import Work

_SIGNALS = table_of(Signal).c
MOST_PAGES = 50
"""Screens that are told of one visit, from its beginning on."""
MOST_SIGNALS = 10_000
"""Of one visit. One that goes on is told of in parts."""
MOST_READ = 20_000
"""Signals of a page: one that has read so many ends with the visit it is at, however few these are."""
_LONGEST = timedelta(microseconds=LONGEST)
_AT_ONCE = 500


class Seen(NamedTuple):
    """One signal, as a visit needs it."""

    at: datetime
    id: str
    type: str
    screen: str | None
    properties: dict[str, Any] | None


def list_visits(work: Work, id: str, *, timeout: timedelta, cursor: str | None, limit: int) -> VisitPage:
    """A page of visits, the latest first. One select along an index, read no further than the page goes."""
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
    following, read = None, 0
    for signals in visits_of((Seen(*row) for row in rows), timeout):
        if len(found) == limit or read >= MOST_READ:
            following = cursors.encode(place)
            break
        found.append(_told(signals, work.now, timeout, None if place is None else place[0]))
        place = [signals[0].at, signals[0].id]
        read += len(signals)
    rows.close()
    return VisitPage(items=found, next_cursor=following)


def visits_of(latest_first: Iterable[Seen], timeout: timedelta) -> Iterator[list[Seen]]:
    """Signals from the latest on, as visits from the latest on; within a visit from the first on.

    What has no end is cut where the day of its latest signal began (UTC), for there it stays cut while it grows; and
    where so many signals are of one day, as it comes.
    """
    visit: list[Seen] = []
    for one in latest_first:
        if visit and (one.type in ENDINGS or visit[-1].at - one.at >= timeout):
            yield visit[::-1]
            visit = []
        elif visit and (len(visit) == MOST_SIGNALS or visit[0].at - one.at >= _LONGEST):
            day = visit[0].at.replace(hour=0, minute=0, second=0, microsecond=0)
            part = sum(1 for seen in visit if seen.at >= day)
            yield visit[:part][::-1]
            visit = visit[part:]
        visit.append(one)
    if visit:
        yield visit[::-1]


def _told(signals: list[Seen], now: datetime, timeout: timedelta, following: datetime | None) -> VisitRead:
    """`following` is when the visit after it began."""
    first, last = signals[0], signals[-1]
    ended_by: str | None = "silence"
    if last.type in ENDINGS:
        ended_by = last.type
    elif following is None and now - last.at < timeout:
        ended_by = None
    elif following is not None and following - last.at < timeout:
        ended_by = "length"
    pages: list[str] = []
    for one in signals:
        if one.screen is not None and one.screen != (pages[-1] if pages else None):
            pages.append(one.screen)
    order = next((one for one in signals if one.type == ORDER_PLACED), None)
    return VisitRead(
        started_at=first.at,
        ended_at=last.at if ended_by else None,
        is_live=ended_by is None,
        ended_by=ended_by,
        seconds=int((last.at - first.at).total_seconds()),
        actions=len(signals),
        by_type=dict(Counter(one.type for one in signals).most_common()),
        pages=pages[:MOST_PAGES],
        page_views=len(pages),
        order_id=None if order is None else (order.properties or {}).get(ORDER_ID),
    )
