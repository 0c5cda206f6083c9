"""The columns of the list of interventions."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from console.interventions import words
from widgets.queue_columns import Column

Row = dict[str, Any]
Spans = list[tuple[str, str]]


def of_interventions(now: Callable[[], datetime]) -> list[Column]:
    """The most needed with the lowest priority."""

    def next_action(_: Any, row: Row) -> Spans:
        said = (row["nextAction"] or row["description"]).split("\n")[0]
        return [(said, "")] if said else [("nothing is said", "muted")]

    return [
        Column("due", "Due", 14, priority=0, render=lambda _, row: words.due(row, now())),
        Column("customer", "Customer", least=14, priority=0, render=lambda _, row: [(words.customer(row), "customer")]),
        Column("type", "What", 9, priority=3, render=lambda _, row: [(row["type"], "bold")]),
        Column("next", "Next", least=24, weight=3, priority=0, render=next_action),
        Column(
            "whose",
            "Whose",
            least=10,
            priority=2,
            render=lambda _, row: [(row["assigneeName"] or "nobody", "" if row["assigneeName"] else "warning")],
        ),
        Column("status", "Status", 17, priority=1, render=lambda _, row: words.status(row)),
        Column(
            "priority",
            "Prio",
            6,
            priority=4,
            render=lambda _, row: [(row["priority"], words.PRIORITY_ROLES[row["priority"]])],
        ),
    ]
