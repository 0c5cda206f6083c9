"""What signals forget in time. What was counted of them (activity, milestones, scores) stays."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, null, or_, select, update

from backend.core import pruning
from backend.core.pruning import Step, forgets
from backend.core.rows import table_of
from backend.signals.models import Context, Signal
from backend.work import Work

_SIGNALS, _CONTEXTS = table_of(Signal), table_of(Context)


@forgets("signals", "Signals, and the visits they make")
def forget_signals(work: Work, before: datetime, place: str) -> Step:
    """Delete signals customer by customer, each along the index by time."""
    columns, own = _SIGNALS.c, _SIGNALS.c.business_id == work.business_id
    ids = _next(work, place)
    if not ids:
        return 0, None
    old = own & columns.customer_id.in_(ids) & (columns.occurred_at < before) & (columns.received_at < before)
    count = work.session.connection().execute(delete(_SIGNALS).where(old)).rowcount
    return count, ids[-1] if len(ids) == pruning.AT_ONCE else None


@forgets("carts", "Carts, screens and counters of customers who are gone")
def forget_carts(work: Work, before: datetime, place: str) -> Step:
    """Empty what a customer left in the app. When they were there last, and how often, stays."""
    columns, own = _CONTEXTS.c, _CONTEXTS.c.business_id == work.business_id
    ids = _next(work, place)
    if not ids:
        return 0, None
    is_full = or_(columns.screen.is_not(None), columns.started_at.is_not(None), columns.selected_platter.is_not(None))
    is_full = or_(is_full, columns.estimated_value.is_not(None), columns.guest_count.is_not(None))
    is_full = or_(is_full, columns.event_type.is_not(None), columns.event_date.is_not(None))
    values: dict[str, Any] = {
        "started_at": None,
        "screen": None,
        "previous_screens": [],
        "visit": {},
        "score": 0,
        "cart_items": [],
        "selected_platter": null(),
        "guest_count": None,
        "event_date": None,
        "event_type": None,
        "estimated_value": None,
    }
    old = own & columns.customer_id.in_(ids) & (columns.last_activity < before) & is_full
    count = work.session.connection().execute(update(_CONTEXTS).where(old).values(values)).rowcount
    return count, ids[-1] if len(ids) == pruning.AT_ONCE else None


def _next(work: Work, after: str) -> list[str]:
    """The next customers who have done something."""
    columns = _CONTEXTS.c
    query = select(columns.customer_id).where(columns.business_id == work.business_id, columns.customer_id > after)
    found = work.session.connection().execute(query.order_by(columns.customer_id).limit(pruning.AT_ONCE))
    return list(found.scalars())
