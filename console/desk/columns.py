"""The columns of the queue, and the ages that tick in it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from console.desk import ages, promise, wording
from console.desk.wording import Row, Spans
from widgets.queue_columns import Column

LABELS = 1
"""Labels that stand before the summary; the others are counted there, and stand in the preview and the workspace."""


class Ages:
    """What the columns of time say, and which rows would say something else by now."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self._said: dict[tuple[str, bool], Spans] = {}

    def waits(self, row: Row) -> Spans:
        """How long the customer has waited for us, or how long the case sleeps; remembered as said."""
        said = self._said[row["incidenceId"], False] = self._waits(row)
        return said

    def left(self, row: Row) -> Spans:
        """What is left of the nearest target; remembered as said."""
        said = self._said[row["incidenceId"], True] = promise.left(row, self.now())
        return said

    def stale(self, rows: Iterable[Row]) -> list[str]:
        """The ids of the rows whose cells are not what they were when they were drawn."""
        return [row["incidenceId"] for row in rows if self._is_stale(row)]

    def _is_stale(self, row: Row) -> bool:
        id = row["incidenceId"]
        waits, left = self._said.get((id, False)), self._said.get((id, True))
        if waits is not None and waits != self._waits(row):
            return True
        return left is not None and left != promise.left(row, self.now())

    def _waits(self, row: Row) -> Spans:
        now = self.now()
        if row["status"] == "SNOOZED":
            return [(f"z {ages.until(row['snoozedUntil'], now)}", "sla-paused")]
        if row["status"] == "CLOSED" or row["waitingSince"] is None:
            return [(ages.NOTHING, "muted")]
        return [(ages.since(row["waitingSince"], now), "")]


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
        Column("customer", "Customer", least=12, priority=1, render=of_row(wording.customer)),
        Column("tier", "Tier", 6, priority=7, render=of_row(wording.tier)),
        Column("summary", "Summary", least=19, weight=3, priority=0, render=of_row(summary)),
        Column("orderValue", "Value", 10, align="right", priority=4, render=of_row(value)),
        Column("channel", "Channel", 8, priority=6, render=of_row(lambda row: [(wording.channel(row), "muted")])),
        Column("frictionScore", "Frict", 5, align="right", priority=5, render=lambda score, _: wording.friction(score)),
        Column("waitingSince", "Waits", 7, align="right", priority=4, render=of_row(ages_of.waits)),
        Column("slaDueAt", "SLA", 10, align="right", priority=1, render=of_row(ages_of.left)),
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
