"""The columns of the tables of runs and flows."""

from collections.abc import Callable
from datetime import datetime

from console.desk import ages, wording
from console.retention import words
from console.retention.words import Row, Spans
from widgets.queue_columns import Column


def of_runs(now: Callable[[], datetime]) -> list[Column]:
    """Runs, live or decided; the most needed columns with the lowest priority."""

    def when(row: Row) -> Spans:
        return [(ages.since(row["decidedAt"] or row["startedAt"], now()), "muted")]

    def value(row: Row) -> Spans:
        return [(wording.money(row["mrr"], row["currency"]), "money")]

    def kept(row: Row) -> Spans:
        return [(wording.money(row["revenueSaved"], row["currency"]) if row["revenueSaved"] else "", "money")]

    def reason(row: Row) -> Spans:
        return [(row["reasonLabel"] or row["reason"] or ages.NOTHING, "" if row["reason"] else "muted")]

    return [
        Column("startedAt", "Age", 5, priority=0, align="right", render=lambda _, row: when(row)),
        Column(
            "customerName",
            "Customer",
            least=16,
            priority=0,
            render=lambda _, row: [(words.customer(row), "customer")],
        ),
        Column("outcome", "Stands", least=33, weight=2, priority=0, render=lambda _, row: words.grouped(row)),
        Column("reason", "Why they leave", least=22, weight=2, priority=3, render=lambda _, row: reason(row)),
        Column("mrr", "A month", 10, priority=2, align="right", render=lambda _, row: value(row)),
        Column("revenueSaved", "Goes on at", 10, priority=5, align="right", render=lambda _, row: kept(row)),
        Column(
            "plan", "Plan", least=20, priority=6, render=lambda _, row: [(str(row["facts"].get("plan") or ""), "muted")]
        ),
        Column("flowName", "Flow", least=22, priority=7, render=lambda name, _: [(name or "no flow", "muted")]),
        Column(
            "channel",
            "By",
            5,
            priority=8,
            render=lambda by, _: [({"APP": "app", "AGENT": "agent"}.get(by, by), "muted")],
        ),
    ]


def of_flows(performance: Callable[[str], str]) -> list[Column]:
    """Flows. `performance` answers how one did, by its id, as far as that was read."""

    def document(row: Row) -> Spans:
        is_newest = row["activeNumber"] in (None, row["number"])
        return [(str(row["number"]), ""), ("" if is_newest else f" (met: {row['activeNumber']})", "warning")]

    def segments(row: Row) -> Spans:
        return [(", ".join(row["segments"]), "")] if row["segments"] else [("no rule leads to it", "muted")]

    return [
        Column("name", "Flow", least=18, weight=2, priority=0, render=lambda name, _: [(name, "bold")]),
        Column("status", "Status", 10, priority=0, render=lambda _, row: words.status(row)),
        Column("number", "Document", 13, priority=2, render=lambda _, row: document(row)),
        Column(
            "steps", "Steps", 5, priority=4, align="right", render=lambda _, row: str(len(row["document"]["steps"]))
        ),
        Column(
            "performance",
            "How it does",
            least=20,
            weight=2,
            priority=1,
            render=lambda _, row: performance(row["flowId"]),
        ),
        Column("segments", "Led to by", least=16, weight=2, priority=3, render=lambda _, row: segments(row)),
    ]
