"""The columns of the queue, and the ages that tick in it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from console.desk import ages, wording
from console.desk.wording import Row, Spans
from widgets.queue_columns import Column

SOON_SECONDS = 300
"""Before a timer runs out it is `soon` for this long; as `console.views.SLA_RISK_SECONDS`."""


LABELS = 1
"""Labels that stand before the summary; the others are counted there, and stand in the preview and the workspace."""


class Ages:
    """What the waiting column says, and which rows would say something else by now."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self._said: dict[str, Spans] = {}

    def cell(self, row: Row) -> Spans:
        """How long the customer has waited for us, or how long the case sleeps; remembered as said."""
        said = self._said[row["incidenceId"]] = self._words(row)
        return said

    def stale(self, rows: Iterable[Row]) -> list[str]:
        """The ids of the rows whose cell is not what it was when it was drawn."""
        said = self._said
        return [id for row in rows if (id := row["incidenceId"]) in said and said[id] != self._words(row)]

    def _words(self, row: Row) -> Spans:
        now = self.now()
        if row["status"] == "SNOOZED":
            return [(f"z {ages.until(row['snoozedUntil'], now)}", "sla-paused")]
        if row["status"] == "CLOSED" or row["waitingSince"] is None:
            return [(ages.NOTHING, "muted")]
        return [(ages.since(row["waitingSince"], now) + self._sign(row, now), self._role(row, now))]

    def _left(self, row: Row, now: datetime) -> float | None:
        due = row["autoEscalateAt"]
        return None if due is None else (ages.parsed(due) - now).total_seconds()

    def _sign(self, row: Row, now: datetime) -> str:
        left = self._left(row, now)
        return "" if left is None or left > SOON_SECONDS else ("!" if left < 0 else "·")

    def _role(self, row: Row, now: datetime) -> str:
        left = self._left(row, now)
        if left is None or left > SOON_SECONDS:
            return "sla-ok" if left is not None else ""
        return "sla-breached bold" if left < 0 else "sla-soon"


def queue_columns(ages_of: Ages, me: Callable[[], str]) -> list[Column]:
    """The columns, the most needed with the lowest priority; `me` answers the member who looks."""

    def of_row(draw: Callable[[Row], str | Spans]) -> Callable[[Any, Row], str | Spans]:
        return lambda _, row: draw(row)

    def value(row: Row) -> Spans:
        return [(wording.money(row["orderValue"], row["currency"]), "money")]

    def summary(row: Row) -> Spans:
        return [*wording.labels(row, LABELS), (row["summary"], "")]

    return [
        Column("priority", "P", 2, priority=0, render=of_row(wording.priority)),
        Column("ref", "Ref", 8, priority=0),
        Column("customer", "Customer", least=13, priority=1, render=of_row(wording.customer)),
        Column("tier", "Tier", 6, priority=7, render=of_row(wording.tier)),
        Column("summary", "Summary", least=22, weight=3, priority=0, render=of_row(summary)),
        Column("orderValue", "Value", 10, align="right", priority=4, render=of_row(value)),
        Column("channel", "Channel", 8, priority=6, render=of_row(lambda row: [(wording.channel(row), "muted")])),
        Column("frictionScore", "Frict", 5, align="right", priority=5, render=lambda score, _: wording.friction(score)),
        Column("waitingSince", "Waits", 6, align="right", priority=1, render=of_row(ages_of.cell)),
        Column("agentId", "Agent", least=8, priority=3, render=of_row(lambda row: wording.agent(row, me()))),
        Column("status", "Status", 10, priority=2, render=of_row(wording.status)),
    ]


def chosen(columns: Sequence[Column], keys: Sequence[str]) -> list[Column]:
    """The columns somebody prefers, in their order; all of them for none, and always the reference."""
    by_key = {column.key: column for column in columns}
    wanted = [by_key[key] for key in keys if key in by_key]
    if not wanted:
        return list(columns)
    return wanted if by_key["ref"] in wanted else [by_key["ref"], *wanted]
