"""A filter evaluated on the mirror: terms from `backend.client.query`, rows as the wire has them."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from backend.client.query import ME, NOBODY, Problem, Term, parse

__all__ = ["Predicate", "Problem", "compile_filter", "parse"]

Row = dict[str, Any]
Predicate = Callable[[Row], bool]

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {"=": eq, "!=": ne, ">": gt, ">=": ge, "<": lt, "<=": le}
_NUMBERS = {"priority": "priority", "friction": "frictionScore", "churn": "churnScore", "value": "orderValue"}
_CHOICES = {"status": "status", "channel": "channel", "stage": "stage"}


def compile_filter(text: str, member_id: str) -> Predicate:
    """A predicate over rows for a filter as typed; `member_id` is who `@me` is. Problem when it cannot be read."""
    tests = [_negated(_test(term, member_id)) if term.negated else _test(term, member_id) for term in parse(text)]
    if len(tests) == 1:
        return tests[0]
    return lambda row: all(test(row) for test in tests)


def _negated(test: Predicate) -> Predicate:
    return lambda row: not test(row)


def _test(term: Term, member_id: str) -> Predicate:
    if term.op == "!=":
        return _negated(_test(Term(term.field, "=", term.value), member_id))
    if term.field in _NUMBERS:
        return _number(_NUMBERS[term.field], _OPERATORS[term.op], term.value)
    value = str(term.value)
    if key := _CHOICES.get(term.field):
        return lambda row: row[key] == value
    match term.field:
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
