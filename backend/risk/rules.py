"""Customers as they are now, for trying other rules of risk on them."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from backend.core.rows import table_of, to_micros
from backend.customers.models import Customer
from backend.risk.scoring import facts_of
from backend.rules.history import HISTORY, History, PastPage
from backend.rules.replay import Case
from backend.settings import Settings
from backend.signals.activity import Activity
from backend.signals.models import Context
from backend.work import Work

_PAGE = 500
_CONTEXTS, _CUSTOMERS = table_of(Context).c, table_of(Customer).c
_COUNTED = (
    select(
        _CONTEXTS.customer_id, _CONTEXTS.activity, _CUSTOMERS.external_id, _CUSTOMERS.tier, _CUSTOMERS.past_order_count
    )
    .join(table_of(Customer), _CUSTOMERS.id == _CONTEXTS.customer_id)
    .where(_CONTEXTS.business_id == bindparam("business"), _CONTEXTS.customer_id > bindparam("after"))
    .where(_CONTEXTS.activity.is_not(None), _CUSTOMERS.erased_at.is_(None))
    .order_by(_CONTEXTS.customer_id)
    .limit(_PAGE)
)


def customers_of_now(work: Work, _settings: Settings, _since: datetime, after: Any) -> PastPage:
    """Every customer who has done something yet, with the facts of now."""
    rows = work.session.connection().execute(_COUNTED, {"business": work.business_id, "after": after or ""}).all()
    now = to_micros(work.now)
    cases = [
        Case(
            row.customer_id,
            facts_of(Activity(row.activity), now, {"tier": row.tier, "past_order_count": row.past_order_count}),
            row.external_id,
        )
        for row in rows
    ]
    return PastPage(cases, rows[-1].customer_id if len(rows) == _PAGE else None)


HISTORY["risk"] = History(
    "Every customer who has done something yet, each with the facts of this moment, whatever days are asked for.",
    customers_of_now,
)
