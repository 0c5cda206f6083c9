"""The columns of the list of alerts, and the words for kinds."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from console.desk import ages
from widgets.queue_columns import Column

Row = Mapping[str, Any]
Spans = list[tuple[str, str]]

KINDS = {
    "ESCALATED": "handed up",
    "ESCALATION_ANSWERED": "answered",
    "APPROVAL_REQUESTED": "to approve",
    "APPROVAL_DECIDED": "decided",
    "SLA_WARNED": "due soon",
    "SLA_BREACHED": "missed",
    "ASSIGNED": "yours now",
    "MENTIONED": "named you",
    "WATCHED": "watched",
    "SUBSCRIPTION_CHANGE": "billing",
    "INTERVENTION_OVERDUE": "overdue",
    "RISK_CHANGED": "risk",
    "CHURN_CROSSED": "may leave",
    "PAYMENT_FAILED": "not paid",
    "PLAYBOOK_FAILED": "playbook",
    "INTEGRATION_FAILING": "integration",
    "PLAYBOOK": "playbook",
}
"""Kinds in a word or two, in the order in which they are offered for muting."""

_OF_MANY = ("RISK_CHANGED", "CHURN_CROSSED")
_ROLES = {"info": "info", "warning": "warning", "danger": "danger bold"}


def is_of_many(row: Row) -> bool:
    """Whether it tells of several customers, of whom it names the last."""
    return bool(row["kind"] in _OF_MANY and row["count"] > 1)


def columns(now: Callable[[], datetime]) -> list[Column]:
    """The columns, the most needed with the lowest priority."""

    def dim(row: Row, role: str = "") -> str:
        return "muted" if row["read"] else role

    def sign(_: Any, row: Row) -> Spans:
        return [(" " if row["read"] else "●", _ROLES[row["severity"]])]

    def kind(_: Any, row: Row) -> Spans:
        return [(KINDS.get(row["kind"], row["kind"].replace("_", " ").lower()), dim(row, _ROLES[row["severity"]]))]

    def message(_: Any, row: Row) -> Spans:
        return [(row["message"], dim(row)), (f"  {row['count']}×" if row["count"] > 1 else "", "accent")]

    def customer(name: Any, row: Row) -> Spans:
        others = " and others" if is_of_many(row) else ""
        return [(name or "", dim(row, "customer")), (others, "muted")]

    return [
        Column("read", "", 1, priority=0, render=sign),
        Column("at", "Age", 5, priority=1, align="right", render=lambda at, row: [(ages.since(at, now()), "muted")]),
        Column("kind", "Kind", 12, priority=4, render=kind),
        Column("ref", "Ref", 8, priority=0, render=lambda ref, row: [(ref or "", dim(row, "bold"))]),
        Column("message", "What", least=38, weight=3, priority=0, render=message),
        Column(
            "customerName",
            "Customer",
            least=14,
            priority=3,
            render=customer,
        ),
        Column("summary", "Case", least=20, weight=2, priority=5, render=lambda text, row: [(text or "", "muted")]),
    ]
