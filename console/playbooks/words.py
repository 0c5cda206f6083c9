"""The words for playbooks, their steps and executions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from console.desk import ages
from widgets.paint import Span

Row = Mapping[str, Any]
Spans = list[Span]

OCCASIONS = {
    "risk_changed": "risk",
    "churn_changed": "churn",
    "payment_failed": "failed payment",
    "help_offered": "help offered",
    "daily": "each day",
}
STATUSES = {
    "RUNNING": ("▸", "info", "running"),
    "WAITING": ("◔", "accent", "waits"),
    "PAUSED": ("‖", "warning", "paused"),
    "COMPLETED": ("✓", "ok", "done"),
    "FAILED": ("✗", "danger", "failed"),
    "CANCELLED": ("▪", "muted", "cancelled"),
}
"""Sign, role and word of an execution's status."""
STATES = {
    "DONE": ("✓", "ok"),
    "SKIPPED": ("–", "muted"),
    "FAILED": ("✗", "danger"),
    "WAITING": ("◔", "accent"),
}
"""Sign and role of what became of a step."""
_BAR = 8


def starts(row: Row) -> Spans:
    """Whether it starts by itself, and after what."""
    if row["status"] == "ARCHIVED":
        return [("▪ archived", "muted")]
    trigger = row["document"].get("trigger")
    after = ", ".join(OCCASIONS.get(one, one) for one in trigger["after"]) if trigger else ""
    if row["isAutomatic"]:
        return [("● ", "ok"), (after, "")]
    return [("○ by hand", "muted"), (f" ({after})" if after else "", "muted")]


def rate(figures: Row | None) -> Spans:
    """The success rate, and of how many."""
    if figures is None or figures["successRate"] is None:
        return [(ages.NOTHING, "muted")]
    over = figures["completed"] + figures["failed"]
    return [(f"{figures['successRate']:.0%}", ""), (f" of {over}", "muted")]


def status(row: Row) -> Spans:
    """An execution's status."""
    sign, role, word = STATUSES.get(row["status"], ("?", "warning", str(row["status"]).lower()))
    return [(f"{sign} ", role), (word, role)]


def standing(row: Row, now: datetime) -> Spans:
    """The status, and what comes next or how it ended."""
    said = status(row)
    if row["endedAt"] is not None:
        return [*said, (f"  {row['endedHow']}", "")]
    if row["nextAt"] is not None:
        return [
            *said,
            (f"  {ages.until(row['nextAt'], now)}", "accent"),
            (f"  {row['stepId'].replace('_', ' ')}", "muted"),
        ]
    return [*said, (f"  {ages.retold(row['stepWords'], now)}", "")]


def progress(row: Row) -> Spans:
    """How many steps are behind it."""
    done, total = row["done"], max(row["total"], 1)
    full = round(_BAR * min(done / total, 1)) if row["status"] != "COMPLETED" else _BAR
    role = STATUSES.get(row["status"], ("", "muted", ""))[1]
    return [("━" * full, role), ("─" * (_BAR - full), "muted"), (f" {done}/{row['total']}", "muted")]


def success(row: Row) -> Spans:
    """Whether it was one."""
    if row["isSuccess"] is None:
        return [("", "")]
    return [("reached its goal", "ok")] if row["isSuccess"] else [("missed its goal", "warning")]


def took(seconds: float | None) -> str:
    """A length of time, in one unit."""
    return ages.NOTHING if seconds is None else ages.span(seconds)


def customer(row: Row) -> str:
    """The customer's name, or the id they are known by."""
    return str(row["customerName"] or row["userId"])
