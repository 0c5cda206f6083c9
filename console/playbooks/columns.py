"""The columns of playbooks and of executions."""

from collections.abc import Callable
from datetime import datetime

from console.desk import ages
from console.playbooks import words
from console.playbooks.words import Row, Spans
from widgets.queue_columns import Column


def of_playbooks() -> list[Column]:
    """Playbooks; the most needed columns with the lowest priority."""

    def counted(name: str) -> Callable[[object, Row], Spans]:
        return lambda _, row: [(str(row["figures"][name] or ""), "danger" if name == "failed" else "")]

    return [
        Column("name", "Playbook", least=20, weight=2, priority=0, render=lambda name, _: [(name, "bold")]),
        Column("starts", "Starts after", least=20, weight=2, priority=1, render=lambda _, row: words.starts(row)),
        Column("open", "Now", 4, priority=0, align="right", render=counted("open")),
        Column("started", "30 d", 5, priority=2, align="right", render=counted("started")),
        Column("failed", "Failed", 6, priority=4, align="right", render=counted("failed")),
        Column("rate", "Success", 11, priority=1, align="right", render=lambda _, row: words.rate(row["figures"])),
    ]


def of_executions(now: Callable[[], datetime]) -> list[Column]:
    """Executions."""

    def when(row: Row) -> Spans:
        return [(ages.since(row["endedAt"] or row["startedAt"], now()), "muted")]

    def by(row: Row) -> Spans:
        return [("itself" if row["isAutomatic"] else "hand", "muted")]

    return [
        Column("startedAt", "Age", 5, priority=1, align="right", render=lambda _, row: when(row)),
        Column(
            "customerName", "Customer", least=14, priority=0, render=lambda _, row: [(words.customer(row), "customer")]
        ),
        Column("playbookName", "Playbook", least=14, priority=2, render=lambda name, _: [(name, "")]),
        Column("progress", "Steps", 13, priority=1, render=lambda _, row: words.progress(row)),
        Column("status", "Stands", least=26, weight=3, priority=0, render=lambda _, row: words.standing(row, now())),
        Column("by", "By", 6, priority=5, render=lambda _, row: by(row)),
    ]
