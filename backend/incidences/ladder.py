"""The ladder a case is handed up on: where the rules in force put it, and the one escalation it may have open."""

from typing import Any

from backend.core.money import to_major
from backend.identity.permissions import ROLES
from backend.identity.service import currency_of
from backend.incidences.models import Escalation, Incidence
from backend.incidences.state import TOLD_OF_ESCALATION, escalation_of
from backend.rules.engine import Compiled, Firing
from backend.work import Work


def judged(work: Work, compiled: Compiled, row: Incidence, reason: str) -> tuple[Firing | None, dict[str, Any]]:
    """The escalation rule that decides about `row` for `reason`, None when there is none, and the facts it saw."""
    facts = {
        "reason": reason,
        "order_value": None if row.order_value is None else float(to_major(row.order_value, currency_of(work))),
        "minutes_open": (work.now - row.created_at).total_seconds() / 60,
        "event_type": row.event_type.upper() if row.event_type else None,
        "priority": row.priority,
    }
    fired = compiled.evaluate(facts, trace=False).fired
    return (fired[0] if fired else None), facts


def height(compiled: Compiled, level: str) -> int:
    """How high a level stands, from 0."""
    return int(compiled.settings["ladder"].index(level))


def takers(compiled: Compiled, level: str) -> tuple[str, ...]:
    """The roles that may take an escalation of that level."""
    return ROLES[ROLES.index(compiled.settings["takers"][level]) :]


def open_of(work: Work, row: Incidence) -> Escalation | None:
    """The escalation of a case that is not over."""
    return None if row.escalation_id is None else work.session.get_one(Escalation, row.escalation_id)


def told(work: Work, row: Incidence) -> dict[str, Any] | None:
    """The escalation of a case that is not over, as EscalationBrief data."""
    escalation = open_of(work, row)
    if escalation is None:
        return None
    return escalation_of({name: getattr(escalation, name) for name in TOLD_OF_ESCALATION})


def end(work: Work, row: Incidence, status: str, note: str | None = None) -> None:
    """End the escalation that a case has, if it has one, as RETURNED or RESOLVED."""
    escalation = open_of(work, row)
    if escalation is not None:
        escalation.status, escalation.ended_at, escalation.next_climb_at = status, work.now, None
        escalation.note = note or escalation.note
        row.escalation_id = row.escalation_level = None
