"""The retention board (`g o`): who is about to cancel, what became of them, what they meet, and what that brought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual import on

from console.desk.filter_line import FilterLine
from console.retention.board import Board
from console.retention.flow import FlowScreen
from widgets.queue_table import QueueTable


class RetentionScreen(Board):
    """The keys of the board."""

    family: ClassVar[str] = "retention"
    heading: ClassVar[str] = "Retention"

    def verdicts(self) -> Mapping[str, str]:
        """There must be something under the cursor."""
        return {"open": "There is nothing under the cursor."} if self.is_mounted and self.row() is None else {}

    def action_open(self, ref: str = "") -> None:
        """Jump to the customer's case, into the flow under the cursor, or to the case named."""
        named = self.store.find(ref) if ref else None
        if named is not None:
            self.console.open_incidence(named["incidenceId"])
        elif ref:
            self.console.say(f"{ref} is not in the mirror; open it from the queue.", "warning")
        elif (flow := self.flow()) is not None:
            self.app.push_screen(FlowScreen(flow["flowId"], flow["name"]))
        elif (run := self.run()) is not None:
            self.jump(run["customerId"], run["incidenceId"], run["customerName"] or run["userId"])

    def jump(self, customer_id: str, incidence_id: str | None, name: str) -> None:
        """Open the customer's case, when there is one."""
        id = self.case_of(customer_id, incidence_id)
        if id is None:
            self.console.say(f"{name} has no case here.")
            return
        rows = [self.table.row(key) for key in self.table.model.shown]
        self.console.open_incidence(id, self.neighbours(rows))

    def neighbours(self, rows: list[Any]) -> list[str]:
        """The cases of all rows, in the order shown, which J and K walk."""
        found = [self.case_of(row["customerId"], row.get("incidenceId")) for row in rows if row is not None]
        return list(dict.fromkeys(id for id in found if id is not None))

    @on(QueueTable.Opened)
    def _opened(self) -> None:
        self.action_open()

    def action_filter_rows(self, text: str = "") -> None:
        """Filter as it is typed, or by the words given."""
        line = self.query_one(FilterLine)
        if not text:
            line.open()
            return
        self._filters[self.tab] = text
        line.put(text)
        self.filter_rows()

    def action_preview(self) -> None:
        """Beside the table on or off; where there is no room for both, one or the other."""
        if "-beside" in self.query_one("#panes").classes or self.preferences.preview == "off":
            is_off = self.preferences.preview == "off"
            self.console.preferences.change(preview="right" if is_off else "off")
            self.fit()
        else:
            self.toggle_over()

    def action_preview_down(self) -> None:
        """More of what stands beside the table."""
        self.query_one("#aside").scroll_relative(y=self._step, animate=False)

    def action_preview_up(self) -> None:
        """Back in it."""
        self.query_one("#aside").scroll_relative(y=-self._step, animate=False)

    @property
    def _step(self) -> int:
        return max(1, self.query_one("#aside").size.height // 2)

    def action_read_again(self) -> None:
        """Everything as it is now."""
        self.read()

    def action_back(self) -> None:
        """Out of the preview, then out of the filter, then as everywhere."""
        if self.is_over:
            self.toggle_over()
        elif self._filters.get(self.tab):
            self.query_one(FilterLine).clear()
        else:
            super().action_back()
