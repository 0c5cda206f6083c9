"""The smallest screens that the frame can carry: a list of refs and a case, so that its tests need no others."""

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.widgets import Input, Static

from console.frame.screen import FrameScreen
from widgets.queue_columns import Column
from widgets.queue_table import QueueTable


class TinyQueue(FrameScreen):
    family: ClassVar[str] = "queue"
    heading: ClassVar[str] = "Queue"

    def __init__(self) -> None:
        super().__init__()
        self.done: list[tuple[str, str]] = []

    def compose_body(self) -> ComposeResult:
        yield QueueTable([Column("ref", "Ref", 12)], key="incidenceId", id="main")
        yield Input(id="text")

    def on_mount(self) -> None:
        super().on_mount()
        self.listen("reset", lambda _: self.fill())
        self.listen("incidence", lambda update: self.table.upsert([update.row]))
        self.fill()

    @property
    def table(self) -> QueueTable:
        return self.query_one(QueueTable)

    def fill(self) -> None:
        self.table.set_rows(self.store.incidences.values())
        self.recheck()

    def selected(self) -> Any:
        key = self.table.cursor_key
        return self.store.incidences.get(str(key)) if key else None

    def marked(self) -> list[str]:
        return [str(key) for key in self.table.marked_keys]

    def on_queue_table_highlighted(self) -> None:
        self.recheck()

    def on_queue_table_marks_changed(self) -> None:
        self.recheck()

    def action_take(self) -> None:
        row = self.selected()
        self.done.append(("take", row["ref"]))
        api = self.console.api
        self.console.calls.start(
            f"take {row['ref']}",
            lambda: api.incidences.take(row["incidenceId"], row["version"]),
            again=lambda now: api.incidences.take(row["incidenceId"], now["version"]),
        )

    def action_assign(self, value: str = "") -> None:
        self.done.append(("assign", value))

    def action_solve(self, value: str = "") -> None:
        self.done.append(("solve", value))

    def action_filter(self, value: str = "") -> None:
        self.done.append(("filter", value))

    def action_explode(self) -> None:
        raise RuntimeError("boom")

    def action_preview(self) -> None:
        self.action_explode()


class TinyCase(FrameScreen):
    family: ClassVar[str] = "incidence"
    heading: ClassVar[str] = "Incidence"

    def __init__(self, incidence_id: str, neighbours: list[str]) -> None:
        super().__init__()
        self.incidence_id, self.neighbours = incidence_id, neighbours

    def compose_body(self) -> ComposeResult:
        yield Static("a case", id="main")

    def selected(self) -> Any:
        return self.store.incidences.get(self.incidence_id)
