"""What cases keep for the rule machine: the facts that its decisions saw, for trying other rules on them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from backend.core.rows import table_of
from backend.events.log import EVENTS
from backend.events.models import EventBody
from backend.incidences.events import Escalated
from backend.incidences.repository import CASES
from backend.rules.history import HISTORY, History, PastPage
from backend.rules.replay import Case
from backend.settings import Settings
from backend.work import Work

_PAGE = 500
_NO_NUMBER = 2**62
# Along the numbers, which are given in the order of opening: a page is one short walk on their index.
_OPENED = (
    select(CASES.id, CASES.number, CASES.created_at, CASES.routing, CASES.sla, CASES.is_self_serve)
    .where(CASES.business_id == bindparam("business"), CASES.number < bindparam("before"))
    .order_by(CASES.number.desc())
    .limit(_PAGE)
)


def past_routes(work: Work, _settings: Settings, since: datetime, before: Any) -> PastPage:
    """The cases opened since `since`, the newest first, each with the facts at its last decision of the router."""
    return _opened(work, since, before, lambda row: row.routing["facts"])


def past_promises(work: Work, _settings: Settings, since: datetime, before: Any) -> PastPage:
    """The same with the facts that their targets followed from last. What is self-service was promised nothing."""
    return _opened(work, since, before, lambda row: row.sla["facts"] if row.sla and not row.is_self_serve else None)


def _opened(work: Work, since: datetime, before: Any, facts_of: Callable[[Any], dict[str, Any] | None]) -> PastPage:
    asked = {"business": work.business_id, "before": _NO_NUMBER if before is None else before}
    rows = work.session.connection().execute(_OPENED, asked).all()
    recent = [row for row in rows if row.created_at >= since]
    cases = [Case(row.id, facts, f"INC-{row.number}") for row in recent if (facts := facts_of(row)) is not None]
    has_more = len(recent) == _PAGE
    return PastPage(cases, recent[-1].number if has_more else None)


HISTORY["routing"] = History(
    "The cases opened in these days, each with the facts that the router last decided on. "
    "What they are compared with is what the rules in force say of them, whatever version decided then.",
    past_routes,
)
HISTORY["sla"] = History(
    "The cases opened in these days that were promised an answer, each with the facts that its targets followed from last. "
    "Hours and holidays are not replayed: they move due instants, not targets.",
    past_promises,
)


_BODIES = table_of(EventBody).c
_HANDED_UP = (
    select(EVENTS.seq, EVENTS.incidence_id, CASES.number, _BODIES.body)
    .join(table_of(EventBody), (_BODIES.business_id == EVENTS.business_id) & (_BODIES.seq == EVENTS.seq))
    .join(CASES.id.table, CASES.id == EVENTS.incidence_id)
    .where(EVENTS.business_id == bindparam("business"), EVENTS.seq < bindparam("before"))
    .where(EVENTS.type == Escalated.type, EVENTS.recorded_at >= bindparam("since"))
    .order_by(EVENTS.seq.desc())
    .limit(_PAGE)
)


def past_escalations(work: Work, _settings: Settings, since: datetime, before: Any) -> PastPage:
    """The times a rule handed a case up since `since`, the newest first, each with the facts that it saw."""
    asked = {"business": work.business_id, "since": since, "before": _NO_NUMBER if before is None else before}
    rows = work.session.connection().execute(_HANDED_UP, asked).all()
    seen = ((row, ((row.body or {}).get("data") or {}).get("facts")) for row in rows)
    cases = [Case(row.incidence_id, facts, f"INC-{row.number}") for row, facts in seen if facts]
    return PastPage(cases, rows[-1].seq if len(rows) == _PAGE else None)


HISTORY["escalation"] = History(
    "The times a rule handed a case up in these days, each with the facts that it saw. "
    "Tries that no rule covered were refused and are not kept; customers who were erased are left out.",
    past_escalations,
)
