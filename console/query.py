"""A filter evaluated on the mirror: terms from `backend.client.query`, rows as the wire has them."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from backend.client.query import LENGTHS, ME, NOBODY, Problem, Term, parse
from backend.core.clock import instant

__all__ = ["Predicate", "Problem", "compile_filter", "parse"]

Row = dict[str, Any]
Predicate = Callable[[Row], bool]

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {"=": eq, "!=": ne, ">": gt, ">=": ge, "<": lt, "<=": le}
_NUMBERS = {"priority": "priority", "friction": "frictionScore", "churn": "churnScore", "value": "orderValue"}
_CHOICES = {"status": "status", "channel": "channel", "stage": "stage"}


def compile_filter(text: str, member_id: str, now: Callable[[], str] = lambda: "") -> Predicate:
    """A predicate over rows for a filter as typed; `member_id` is who `@me` is. Problem when it cannot be read.

    `now` answers the present (ISO, UTC) whenever a row is looked at; nothing is due by a present that is not known.
    """
    terms = [(term, _test(term, member_id, now)) for term in parse(text)]
    tests = [_negated(test) if term.negated else test for term, test in terms]
    if len(tests) == 1:
        return tests[0]
    return lambda row: all(test(row) for test in tests)


def _negated(test: Predicate) -> Predicate:
    return lambda row: not test(row)


def _test(term: Term, member_id: str, now: Callable[[], str]) -> Predicate:
    if term.field in LENGTHS:
        return _left(_OPERATORS[term.op], timedelta(seconds=int(term.value)), now)
    if term.op == "!=":
        return _negated(_test(Term(term.field, "=", term.value), member_id, now))
    if term.field in _NUMBERS:
        return _number(_NUMBERS[term.field], _OPERATORS[term.op], term.value)
    value = str(term.value)
    if key := _CHOICES.get(term.field):
        return lambda row: row[key] == value
    match term.field:
        case "breached":
            return lambda row: row.get("slaBreachedAt") is not None
        case "tier":
            return lambda row: row["customer"]["tier"] == value
        case "language":
            return lambda row: _folded(row["customer"]["language"]).startswith(value)
        case "event":
            return lambda row: _folded(row["eventType"]) == value
        case "ref":
            return lambda row: row["ref"].rpartition("-")[2] == value
        case "assignee":
            return _assignee(value, member_id)
        case "label":
            return lambda row: value in row["labels"]
        case "watcher":
            return lambda row: member_id in row["watcherIds"] if value == ME else not row["watcherIds"]
    return lambda row: any(value in part for part in _texts(row))


def _number(key: str, compare: Callable[[Any, Any], bool], value: Decimal | str) -> Predicate:
    wanted = float(value)

    def test(row: Row) -> bool:
        number = row.get(key)
        return number is not None and compare(number, wanted)

    return test


def _left(compare: Callable[[Any, Any], bool], wanted: timedelta, now: Callable[[], str]) -> Predicate:
    """Compares instants as the wire writes them, which sort as text; worked out anew only when time has passed."""
    known = limit = ""

    def test(row: Row) -> bool:
        nonlocal known, limit
        due, present = row.get("slaDueAt"), now()
        if due is None or not present:
            return False
        if present != known:
            known, limit = present, instant(datetime.fromisoformat(present) + wanted)
        return compare(due, limit)

    return test


def _assignee(name: str, member_id: str) -> Predicate:
    if name == ME:
        return lambda row: row["agentId"] == member_id
    if name == NOBODY:
        return lambda row: row["agentId"] is None
    return lambda row: any(
        part.startswith(name) for part in (_folded(row["agentName"]), *_folded(row["agentName"]).split())
    )


def _texts(row: Row) -> Sequence[str]:
    customer = row["customer"]
    parts = (row["summary"], customer["name"], customer["userId"], row["ref"], row["orderId"], row["issueCategory"])
    return [part.casefold() for part in parts if part]


def _folded(value: str | None) -> str:
    return (value or "").casefold()
