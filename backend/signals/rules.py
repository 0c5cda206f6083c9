"""What signals keep for the rule machine: themselves. Visits are lived through again to try other friction rules."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import bindparam, select

from backend.core.rows import table_of, to_micros
from backend.customers.models import Customer
from backend.rules.history import HISTORY, History, PastPage
from backend.rules.replay import Case
from backend.settings import Settings
from backend.signals.contexts import live_of
from backend.signals.friction import Person, facts_of, idle_on, screen_of
from backend.signals.models import Context, Signal
from backend.signals.visit import ENDINGS, SECOND, Visit
from backend.work import Work

_CUSTOMERS_A_PAGE = 50
MOST_SIGNALS = 5_000
"""In memory at once, and of one customer."""
_CONTEXTS = table_of(Context).c
_SIGNALS = table_of(Signal).c
_IN_THE_APP = (
    select(_CONTEXTS.customer_id)
    .where(_CONTEXTS.business_id == bindparam("business"), _CONTEXTS.customer_id > bindparam("after"))
    .where(_CONTEXTS.last_activity >= bindparam("since"))
    .order_by(_CONTEXTS.customer_id)
    .limit(_CUSTOMERS_A_PAGE)
)
_BEHAVIOUR = (
    select(_SIGNALS.customer_id, _SIGNALS.type, _SIGNALS.value, _SIGNALS.flow, _SIGNALS.screen, _SIGNALS.occurred_at)
    .where(_SIGNALS.business_id == bindparam("business"), _SIGNALS.occurred_at >= bindparam("since"))
    .where(_SIGNALS.customer_id.in_(bindparam("customers", expanding=True)))
    .order_by(_SIGNALS.customer_id, _SIGNALS.occurred_at, _SIGNALS.id)
    .limit(MOST_SIGNALS)
)


def past_visits(work: Work, settings: Settings, since: datetime, after: Any) -> PastPage:
    """The visits since `since`, customer by customer, each as it stood after its last signal."""
    connection = work.session.connection()
    asked = {"business": work.business_id, "since": since}
    ids = list(connection.execute(_IN_THE_APP, {**asked, "after": after or ""}).scalars())
    if not ids:
        return PastPage([], None)
    rows = connection.execute(_BEHAVIOUR, {**asked, "customers": ids}).all()
    has_more, last = len(ids) == _CUSTOMERS_A_PAGE, ids[-1]
    if len(rows) == MOST_SIGNALS:  # whoever is last here may be cut off, and comes whole on the next page
        cut = rows[-1].customer_id
        has_more = True
        if rows[0].customer_id == cut:
            last = cut
        else:
            rows = [row for row in rows if row.customer_id != cut]
            last = rows[-1].customer_id
    customers = list(work.session.scalars(select(Customer).where(Customer.id.in_({row.customer_id for row in rows}))))
    people, refs = live_of(work.session, work.business_id, customers), {row.id: row.external_id for row in customers}
    timeout = settings.visit_timeout_seconds * SECOND
    cases = [
        Case(id, facts, refs[id], {"signals": here, "prompts": here})
        for id, signals in groupby(rows, key=lambda row: row.customer_id)
        if id in people
        for facts, here in _visits(signals, people[id].person, timeout)
    ]
    return PastPage(cases, last if has_more else None)


def _visits(signals: Iterator[Any], person: Person, timeout: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Of each visit, the facts for the score, and those for rules about the screen it was on."""
    visit = Visit()
    for row in signals:
        at = to_micros(row.occurred_at)
        if visit.started_at is not None and (row.type in ENDINGS or visit.is_over_by(at)):
            yield _facts(visit, person)
        visit.take(row.type, row.value, row.flow, row.screen, at, timeout)
    if visit.started_at is not None:
        yield _facts(visit, person)


def _facts(visit: Visit, person: Person) -> tuple[dict[str, Any], dict[str, Any]]:
    facts = facts_of(visit, person)
    facts["screen"] = screen_of(visit.screen) if visit.screen else None
    return facts, {**facts, "inactivity_seconds": idle_on(visit, facts["screen"]) if visit.idle else 0}


_VISITS = History(
    "The visits of these days, lived through again from their signals and judged after the last one of each. "
    f"Cart, event, guests and profile are those of now, and of a customer at most {MOST_SIGNALS:,} signals count.",
    past_visits,
)
HISTORY["friction"] = HISTORY["notification"] = _VISITS
