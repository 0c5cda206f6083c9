"""The runs behind a number; enter jumps to the customer's case."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from console.frame.screen import FrameScreen
from console.retention import columns, words
from console.retention.cases import case_of, cases_of
from console.retention.words import Row
from console.twin import told
from widgets.plain import plain
from widgets.queue_messages import Highlighted
from widgets.queue_table import QueueTable

PAGE = 200
NEAR_END = 20


class BehindScreen(FrameScreen):
    """`BehindScreen(title, query, offer)`: `query` as of `api.retention.runs`; with an offer, those who accepted it."""

    family: ClassVar[str] = "runs_behind"
    CSS_PATH = "board.tcss"

    def __init__(self, title: str, query: dict[str, str], offer: str = "") -> None:
        super().__init__()
        self._title, self._query, self._offer = title, query, offer
        self._next: str | None = None
        self._read = 0

    @property
    def heading(self) -> str:  # type: ignore[override]
        """What the header calls it."""
        return f"Behind it: {self._title}"

    def compose_body(self) -> ComposeResult:
        yield Static(id="span", markup=False)
        yield QueueTable(
            columns.of_runs(lambda: self.console.now()), key="runId", empty="No run is behind it.", id="main"
        )

    @property
    def table(self) -> QueueTable:
        """The rows."""
        return self.query_one(QueueTable)

    def on_mount(self) -> None:
        """The first page."""
        super().on_mount()
        self.table.show_loading("Loading …")
        self._fetch(None)

    def _fetch(self, cursor: str | None) -> None:
        api, query = self.console.api, self._query

        def done(answer: Any) -> None:
            if self.is_attached:
                self._show(told(answer), is_first=cursor is None)

        def failed(error: Exception) -> None:
            if self.is_attached and cursor is None:
                self.table.show_error(
                    f"The runs could not be read: {error} {self.console.key_of('retry')} tries again."
                )

        ask = lambda: api.retention.runs(**query, limit=PAGE, cursor=cursor)  # noqa: E731
        self.console.calls.start("read the runs", ask, done=done, failed=failed, group="behind", exclusive=True)

    def _show(self, page: Row, *, is_first: bool) -> None:
        self._next = page["nextCursor"]
        found = [row for row in page["items"] if not self._offer or row["acceptedOffer"] == self._offer]
        if is_first:
            self.table.set_rows(found)
        else:
            self.table.upsert(found)
        self._read += len(found)
        more = ", more further down" if self._next else ""
        offer = f" {words.offer_code(self._offer)}" if self._offer else ""
        about = (
            f" {self._read:,} {self._title}{offer}{more}. Of several runs within 14 days only the last one is counted."
        )
        self.query_one("#span", Static).update(Content(plain(about)))
        if not found and self._next:
            self._fetch(self._next)

    @on(QueueTable.Highlighted)
    def _cursor_moved(self, event: Highlighted) -> None:
        place = self.table.model.position(event.key) if event.key is not None else None
        if self._next is not None and place is not None and place >= len(self.table.model) - NEAR_END:
            cursor, self._next = self._next, None
            self._fetch(cursor)

    @on(QueueTable.Opened)
    def _opened(self) -> None:
        self.action_open()

    def action_open(self, ref: str = "") -> None:
        """The case of the customer under the cursor, or the one named."""
        named = self.store.find(ref) if ref else None
        row = self.table.row(self.table.cursor_key)
        id = named["incidenceId"] if named is not None else None
        if id is None and row is not None:
            id = case_of(self.store, row["customerId"], row["incidenceId"])
        if id is None:
            self.console.say(
                "No case had to do with it." if row is None else f"{words.customer(row)} has no case here."
            )
            return
        rows = [self.table.row(key) for key in self.table.model.shown]
        self.console.open_incidence(id, cases_of(self.store, rows))
