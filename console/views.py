"""The tabs of the queue as predicates on rows of the mirror, and the queue's order. The server's views are the same."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

Row = dict[str, Any]

HIGH_FRICTION = 50
HIGH_CHURN = 70
"""As `backend.incidences.repository` counts them."""


class Moment(NamedTuple):
    """What the views depend on beside the row: who looks, and the present (ISO, UTC)."""

    member_id: str
    now: str


@dataclass(frozen=True, slots=True)
class View:
    """A tab. `role` colours a count that needs an eye; `short` is its title where there is little room."""

    key: str
    title: str
    holds: Callable[[Row, Moment], bool]
    role: str = ""
    short: str = ""


def _is_open(row: Row) -> bool:
    return bool(row["status"] != "CLOSED")


def _is_awake(row: Row) -> bool:
    return row["status"] not in ("CLOSED", "SNOOZED")


def _is_unassigned(row: Row, _: Moment) -> bool:
    return _is_awake(row) and row["agentId"] is None and not row.get("isSelfServe")


def _is_at_risk(row: Row, moment: Moment) -> bool:
    at = row.get("slaRiskAt")
    return at is not None and _is_awake(row) and at <= moment.now


VIEWS: tuple[View, ...] = (
    View("mine", "Mine", lambda row, moment: _is_awake(row) and row["agentId"] == moment.member_id),
    View("unassigned", "Unassigned", _is_unassigned, short="Nobody"),
    View("all", "All", lambda row, _: _is_open(row)),
    View("sla_risk", "SLA at risk", _is_at_risk, "danger", short="SLA"),
    View(
        "high_friction",
        "High friction",
        lambda row, _: _is_awake(row) and (row["frictionScore"] or 0) > HIGH_FRICTION,
        "warning",
        short="Frict",
    ),
    View(
        "high_churn",
        "High churn",
        lambda row, _: _is_awake(row) and (row.get("churnScore") or 0) >= HIGH_CHURN,
        "warning",
        short="Churn",
    ),
    View(
        "escalated", "Escalated", lambda row, _: _is_open(row) and bool(row.get("escalationLevel")), "warning", "Escal"
    ),
    View("snoozed", "Snoozed", lambda row, _: row["status"] == "SNOOZED", short="Snooz"),
    View("closed", "Closed", lambda row, _: not _is_open(row)),
)
VIEW_OF: dict[str, View] = {view.key: view for view in VIEWS}


def membership(row: Row, moment: Moment) -> int:
    """Which views hold a row, one bit each in the order of VIEWS."""
    bits = 0
    for place, view in enumerate(VIEWS):
        if view.holds(row, moment):
            bits |= 1 << place
    return bits


def sla_order(row: Row) -> tuple[str, str]:
    """The sort key of who is due next; those that nothing is due for last, each group from the oldest on."""
    return row.get("slaDueAt") or "~", row["incidenceId"]


def queue_order(row: Row) -> tuple[int, bool, str, str]:
    """The sort key of the queue: priority, those who wait for us first, the longest first, then the oldest."""
    waiting = row["waitingSince"]
    return row["priority"], waiting is None, waiting or row["createdAt"], row["incidenceId"]
