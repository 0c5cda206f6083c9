"""Keeping the milestones and their roll-ups up with the log, a bounded step in each transaction."""

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from backend.analytics import orders, rollup
from backend.analytics.book import Book
from backend.analytics.cases import count_events
from backend.analytics.models import AnalyticsState
from backend.analytics.orders import Place
from backend.analytics.query import state_of, zone_of
from backend.core.databases import insert_into
from backend.core.days import day_of
from backend.core.rows import table_of
from backend.events import log
from backend.identity.service import currency_of
from backend.rules import service as rules
from backend.unit import Units
from backend.work import Work


@dataclass(frozen=True)
class Step:
    """Where the next transaction goes on: all events are counted before the orders are, which look at the cases."""

    has_more: bool
    orders_after: Place | None = None
    is_reading_orders: bool = False


FIRST = Step(True)


async def catch_up(units: Units) -> None:
    """Count everything there is by now."""
    if not await units.read(is_behind):
        return
    step = FIRST
    while step.has_more:
        step = await units.write(advance, step)


def is_behind(work: Work) -> bool:
    """Whether there is anything that is not counted or not rolled up."""
    state = state_of(work)
    if state is None or state.seq < log.head_of(work.session, work.business_id):
        return True
    zone = zone_of(work)
    if state.zone != zone.key or state.rolled_until != day_of(work.now, zone):
        return True
    return orders.orders_since(work, state.orders_at) != state.recent_orders


def advance(work: Work, step: Step = FIRST) -> Step:
    """Count the next events, orders or days, as many as fit in one transaction."""
    state = _locked(work)
    rollup.follow_zone(work, state)
    book, settings = Book(work), rules.current(work, "cost").settings
    if not step.is_reading_orders:
        state.seq, has_more = count_events(work, book, state.seq, settings["idleAfterSeconds"])
        step = Step(True) if has_more else Step(True, _overlapping(state), is_reading_orders=True)
    else:
        within = timedelta(seconds=settings["assistedWithinSeconds"])
        after = orders.count_orders(work, book, step.orders_after, currency_of(work), within)
        if after is None:
            state.orders_at = orders.newest_order(work)
            state.recent_orders = orders.orders_since(work, state.orders_at)
        step = Step(after is not None, after, is_reading_orders=True)
    book.write()
    zone = ZoneInfo(state.zone)
    rollup.roll_touched(work, state, {day_of(at, zone) for at in book.touched})
    if not step.has_more:
        step = Step(rollup.roll_next(work, state), _overlapping(state), is_reading_orders=True)
    work.session.flush()
    return step


def count_all(work: Work) -> None:
    """Count everything in this transaction: before what it would be counted from is erased."""
    step = FIRST
    while step.has_more:
        step = advance(work, step)


def _overlapping(state: AnalyticsState) -> Place | None:
    return None if state.orders_at is None else (state.orders_at - orders.OVERLAP, "", "")


def _locked(work: Work) -> AnalyticsState:
    """The business's state, made when there is none; nobody else counts until this transaction ends."""
    row = {"business_id": work.business_id, "seq": 0, "recent_orders": 0, "zone": zone_of(work).key}
    work.session.execute(insert_into(table_of(AnalyticsState), work.session).values(row).on_conflict_do_nothing())
    own = select(AnalyticsState).where(AnalyticsState.business_id == work.business_id)
    return work.session.scalars(own.with_for_update().execution_options(populate_existing=True)).one()
