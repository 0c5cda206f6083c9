"""A queue table on a stage, with rows, columns and a clock of its own."""

from typing import Any

from textual.pilot import Pilot

from tests.widgets.stage import Clock, Stage, screen_lines
from widgets.queue_columns import Column
from widgets.queue_table import QueueTable

Row = dict[str, Any]
COLUMNS = (
    Column("key", "ID", 5, priority=0),
    Column("name", "Name", least=10, priority=0),
    Column("rank", "Rank", 4, priority=1, align="right"),
    Column("note", "Note", 12, priority=2),
)
KEEP = (QueueTable.Highlighted, QueueTable.Opened, QueueTable.MarksChanged, QueueTable.PendingChanged)


def row(key: int, rank: int | None = None, name: str = "", version: int = 1) -> Row:
    return {
        "key": f"k{key:02d}",
        "rank": key if rank is None else rank,
        "name": name or f"name {key}",
        "note": "note",
        "version": version,
    }


class Bench:
    """A table on a stage with a clock of its own."""

    def __init__(self, rows: int = 40, **options: Any) -> None:
        self.clock = Clock()
        self.table = QueueTable(COLUMNS, clock=self.clock, **options)
        self.app = Stage(self.table, keep=(*KEEP, QueueTable.HeaderClicked))
        self.rows = [row(key) for key in range(rows)]

    async def ready(self, pilot: Pilot[None]) -> QueueTable:
        self.table.set_sort(lambda row: row["rank"])
        self.table.set_rows(self.rows)
        self.table.focus()
        await pilot.pause()
        self.app.told.clear()
        return self.table

    def rest(self) -> None:
        """The hand rests long enough, and the next flush comes."""
        self.clock.now += self.table.hold + 0.01
        self.table.flush()

    def told(self, kind: type[Any]) -> list[Any]:
        return [message for message in self.app.told if isinstance(message, kind)]

    def lines(self) -> list[str]:
        return screen_lines(self.app)
