"""What the screen of playbooks shows: a table for each tab, and beside it what is under the cursor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from console.frame.previewed import Previewed
from console.frame.topic import Topic
from console.playbooks import columns, preview
from console.playbooks.holding import Executions, Playbooks
from console.playbooks.words import Row
from console.retention.beside import Beside
from console.store import RESET, Update
from console.twin import told
from widgets.panel import Panel
from widgets.plain import plain
from widgets.queue_messages import Highlighted
from widgets.queue_table import QueueTable
from widgets.tabs import Tab, TabStrip

PLAYBOOKS, OPEN, OVER = "playbooks", "open", "over"
TICK = 15.0
_ABOUT = {
    PLAYBOOKS: "Steps done to one customer after another. Numbers: begun in the last 30 days.",
    OPEN: "What goes on. It moves by itself.",
    OVER: "What is over, the newest first.",
}


class Board(Previewed):
    """Its keys are in :class:`console.playbooks.playbooks.PlaybooksScreen`."""

    CSS_PATH = "playbooks.tcss"

    def __init__(self) -> None:
        super().__init__()
        self.playbooks = Playbooks(self, self._playbooks_changed)
        self.executions = Executions(self, self._executions_changed)

    def compose_body(self) -> ComposeResult:
        yield TabStrip(self._tabs(), id="tabs")
        yield Static(id="span", markup=False)
        with Container(id="panes"):
            yield QueueTable(columns.of_playbooks(), key="playbookId", empty="No playbook.", id="main")
            now = lambda: self.console.now()  # noqa: E731 - asked for each time
            yield QueueTable(columns.of_executions(now), key="executionId", empty=self._nothing, id="executions")
            with VerticalScroll(id="aside", can_focus=False):
                yield Panel(id="known")

    # -- where one is

    @property
    def tab(self) -> str:
        """The tab in front."""
        return self.query_one(TabStrip).active if self.is_mounted else PLAYBOOKS

    @property
    def table(self) -> QueueTable:
        """The table in front."""
        return self.query_one("#main" if self.tab == PLAYBOOKS else "#executions", QueueTable)

    @property
    def front(self) -> QueueTable:
        """What has the keyboard."""
        return self.table

    def row(self) -> Row | None:
        """The row under the cursor of the table in front; None when there is none."""
        return self.table.row(self.table.cursor_key) if self.is_mounted else None

    def playbook(self) -> Row | None:
        """The playbook under the cursor."""
        return self.row() if self.tab == PLAYBOOKS else None

    def execution(self) -> Row | None:
        """The execution under the cursor."""
        return self.row() if self.tab != PLAYBOOKS else None

    def topic(self) -> Topic:
        """The playbook under the cursor; of an execution, with its customer."""
        if (row := self.row()) is None:
            return Topic()
        id, name = row["playbookId"], plain(row.get("playbookName") or row["name"])
        who = plain(row["customerName"] or row["userId"]) if self.tab != PLAYBOOKS else ""
        return Topic(f"{name}, {who}" if who else name, customer_id=row.get("customerId", ""), playbook_id=id)

    def about(self) -> tuple[str, ...]:
        """What verbs act on."""
        return (str(self.table.cursor_key),) if self.is_mounted else ()

    # -- reading

    def on_mount(self) -> None:
        """Read, and follow the feed."""
        super().on_mount()
        self.beside = Beside(self, self.query_one("#known", Panel))
        self.listen("playbook", self.playbooks.happened)
        self.listen("playbook_execution", self._moved)
        self.listen(RESET, lambda _: self.read())
        self.set_interval(TICK, self._tick)
        self.query_one("#executions", QueueTable).set_sort(_newest, True)
        self.show_tab()
        self.read()

    def read(self) -> None:
        """Everything anew."""
        self.beside.forget()
        self.playbooks.read()
        self.executions.read()

    def _moved(self, update: Update) -> None:
        self.executions.happened(update)
        self.beside.forget()
        self.playbooks.read_soon()

    def _tick(self) -> None:
        if self.is_current and self.tab != PLAYBOOKS:
            self.table.redraw()

    # -- showing

    def fit(self) -> None:
        """The preview beside the table where there is room; else in its place, once it is asked for."""
        is_wide, is_off = self.is_wide, self.is_off
        panes = self.query_one("#panes")
        panes.set_class(is_wide and not is_off, "-beside")
        panes.set_class(not is_wide and self.is_over, "-over")
        self.query_one("#aside").styles.width = max(50, self.room * 2 // 5) if is_wide else None
        self.beside.is_wanted = (is_wide and not is_off) or self.is_over
        self.show_beside()

    def show_tab(self) -> None:
        """What the tab in front holds."""
        tab = self.tab
        self.query_one("#main").set_class(tab != PLAYBOOKS, "-hidden")
        executions = self.query_one("#executions", QueueTable)
        executions.set_class(tab == PLAYBOOKS, "-hidden")
        executions.set_filter(lambda row: (row["endedAt"] is None) == (tab == OPEN))
        self.is_over = False
        self.query_one("#span", Static).update(Content(plain(_ABOUT[tab])))
        self.fit()
        self._show_state()
        self.table.focus()
        self.recheck()

    def _tabs(self) -> list[Tab]:
        live = self.executions.open
        return [
            Tab(PLAYBOOKS, "Playbooks", len(self.playbooks.rows) or None),
            Tab(OPEN, "Under way", live if self.executions.is_loaded else None, "info" if live else ""),
            Tab(OVER, "Over"),
        ]

    def _playbooks_changed(self) -> None:
        if not self.playbooks.trouble:
            table = self.query_one("#main", QueueTable)
            table.set_rows(self.playbooks.rows.values())
            table.redraw()  # its numbers are others though its version is not
        self._after_change()

    def _executions_changed(self, rows: list[Row] | None) -> None:
        table = self.query_one("#executions", QueueTable)
        if rows is not None:
            table.upsert(rows)
        elif not self.executions.trouble:
            table.set_rows(self.executions.rows.values())
        tab = self.tab
        table.set_filter(lambda row: (row["endedAt"] is None) == (tab == OPEN), now=False)
        self._after_change()

    def _after_change(self) -> None:
        self.query_one(TabStrip).show(self._tabs())
        self._show_state()
        self.call_after_refresh(self.show_beside)
        self.recheck()

    def _show_state(self) -> None:
        held: Playbooks | Executions = self.playbooks if self.tab == PLAYBOOKS else self.executions
        if held.is_loaded:
            self.table.show_ready()
        elif held.trouble:
            self.table.show_error(f"This could not be read: {held.trouble} {self.console.key_of('retry')} tries again.")
        else:
            self.table.show_loading("Loading …")

    def _nothing(self) -> list[tuple[str, str]]:
        if self.tab == OPEN:
            key = self.console.key_of("customer_playbook")
            return [("Nothing goes on. ", "ok"), (f"{key} on marked customers or cases starts a playbook.", "muted")]
        return [("Nothing is over yet. ", ""), ("What becomes of executions stands here.", "muted")]

    def show_beside(self) -> None:
        """What is known of what is under the cursor."""
        if not self.is_mounted:
            return
        api, now = self.console.api, self.console.now()
        if (playbook := self.playbook()) is not None:
            id = playbook["playbookId"]

            async def whole() -> Any:
                return told(await api.playbooks.show(id))

            self.beside.show((id, playbook["version"]), lambda found: preview.of_playbook(playbook, found, now), whole)
        elif (execution := self.execution()) is not None:
            id = execution["executionId"]

            async def logged() -> Any:
                return told(await api.executions.show(id))

            draw = lambda found: preview.of_execution(execution, found, now)  # noqa: E731
            self.beside.show((id, execution["version"]), draw, logged)
        else:
            self.beside.show_nothing()

    @on(TabStrip.TabSelected)
    def _tab_selected(self) -> None:
        self.show_tab()

    @on(QueueTable.Highlighted)
    def _cursor_moved(self, event: Highlighted) -> None:
        if event.table is self.table:
            self.query_one("#aside").scroll_home(animate=False)
            self.show_beside()
            self.recheck()


def _newest(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["endedAt"] or row["startedAt"], row["executionId"]
