"""The filter language over the database. The console reads the same words over its mirror."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, not_, or_

from backend.client.query import ME, NOBODY, Problem, Term, parse
from backend.core.errors import Invalid
from backend.core.money import to_minor
from backend.incidences.churn import SCORE
from backend.incidences.repository import AGENTS, CASES, CUSTOMERS

_COMPARE: dict[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
}


def conditions(text: str, member_id: str | None, currency: str, now: datetime) -> list[ColumnElement[bool]]:
    """What `text` asks for at `now`, as conditions that must all hold. Invalid, in words, when it cannot be read."""
    try:
        terms = parse(text)
    except Problem as error:
        raise Invalid(str(error), field="q") from error
    held = [(term, _one(term, member_id, currency, now)) for term in terms]
    return [not_(func.coalesce(condition, False)) if term.negated else condition for term, condition in held]


def _like(column: Any, value: str) -> ColumnElement[bool]:
    escaped = value.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return func.lower(column).like(f"%{escaped}%", escape="\\")


def _holds(column: Any, value: str) -> ColumnElement[bool]:
    """Whether a list of names, none of which holds a quote or a backslash, has `value` in it."""
    escaped = value.replace("%", "\\%").replace("_", "\\_")
    return cast(column, Text).like(f'%"{escaped}"%', escape="\\")


def _is_empty(column: Any) -> ColumnElement[bool]:
    return cast(column, Text) == "[]"


def _one(term: Term, member_id: str | None, currency: str, now: datetime) -> ColumnElement[bool]:
    if term.field == "sla":
        return _COMPARE[term.op](CASES.sla_due_at, now + timedelta(seconds=int(term.value)))
    if term.field in ("priority", "friction", "value", "churn"):
        return _number(term, Decimal(term.value), currency)
    condition = _word(term.field, str(term.value), member_id)
    return not_(func.coalesce(condition, False)) if term.op == "!=" else condition


def _number(term: Term, value: Decimal, currency: str) -> ColumnElement[bool]:
    compare = _COMPARE[term.op]
    match term.field:
        case "priority":
            return compare(CASES.priority, int(value))
        case "friction":
            return compare(CASES.friction_score, float(value))
        case "value":
            return compare(CASES.order_value, to_minor(value, currency))
    return compare(SCORE, float(value))


def _word(field: str, value: str, member_id: str | None) -> ColumnElement[bool]:
    match field:
        case "assignee":
            return _assignee(value, member_id)
        case "breached":
            return CASES.sla_breached_at.is_not(None)
        case "tier":
            return CUSTOMERS.tier == value
        case "language":
            return func.lower(CUSTOMERS.language) == value
        case "status" | "channel" | "stage":
            return CASES[field] == value
        case "event":
            return _like(CASES.event_type, value)
        case "ref":
            return CASES.number == int(value)
        case "label":
            return _holds(CASES.labels, value)
        case "watcher":
            return _holds(CASES.watcher_ids, member_id or "") if value == ME else _is_empty(CASES.watcher_ids)
    number = value.removeprefix("inc-")
    return or_(
        _like(CASES.summary, value),
        _like(CUSTOMERS.name, value),
        _like(CUSTOMERS.external_id, value),
        _like(CASES.order_id, value),
        *([CASES.number == int(number)] if number.isdecimal() and len(number) < 16 else []),
    )


def _assignee(value: str, member_id: str | None) -> ColumnElement[bool]:
    if value == ME:
        return CASES.agent_id == member_id
    if value == NOBODY:
        return CASES.agent_id.is_(None)
    return _like(AGENTS.name, value)
