"""Interventions (`g v`): what is due first, whose it is, how it stands; and whether all of it helped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.timer import Timer

from console.actions import Action
from console.desk.filter_line import FilterLine
from console.frame.topic import Topic, of_customer
from console.interventions import words
from console.interventions.columns import of_interventions
from console.interventions.verbs import PlanVerbs
from console.store import RESET, Update
from console.twin import told
from widgets.panel import Panel
from widgets.queue_table import QueueTable
from widgets.tabs import Tab, TabStrip

Row = Mapping[str, Any]
PAGE = 200
WIDE = 120
"""Columns from which one stands beside the list in full."""
NEAR_END = 20
SETTLES = 0.4
TICK = 15.0
TABS: dict[str, tuple[str, dict[str, Any]]] = {
    "mine": ("Mine", {"assignee": "me", "status": "unfinished"}),
    "open": ("Unfinished", {"status": "unfinished"}),
    "overdue": ("Overdue", {"overdue": True}),
    "all": ("All", {"sort": "created"}),
    "effect": ("Did it help?", {}),
}
_NOTHING = {
    "mine": "Nothing is yours to do.",
    "open": "Nothing is planned.",
    "overdue": "Nothing is late.",
    "all": "Nothing was ever planned.",
}


class InterventionsScreen(PlanVerbs):
    """The list, and one of it in full."""

    family: ClassVar[str] = "interventions"
    heading: ClassVar[str] = "Interventions"
    CSS_PATH = "interventions.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._counts = {"open": 0, "overdue": 0}
        self._known: set[str] = set()
        self._filter, self._horizon = "", 30
        self._next: str | None = None
        self._soon: Timer | None = None

    def compose_body(self) -> ComposeResult:
        yield TabStrip(id="tabs")
        yield FilterLine("words of customer, what, next, whose …")
        with Container(id="panes"):
            columns = of_interventions(lambda: self.console.now())
            yield QueueTable(columns, key="id", empty=self._empty, id="main")
            with VerticalScroll(id="aside", can_focus=False):
                yield Panel(id="one")
        with VerticalScroll(id="page"):
            yield Panel(id="text")

    @property
    def table(self) -> QueueTable:
        """The rows."""
        return self.query_one(QueueTable)

    @property
    def tab(self) -> str:
        """The tab in front."""
        return self.query_one(TabStrip).active or "mine"

    def on_mount(self) -> None:
        """Read, and follow the feed."""
        super().on_mount()
        self._show_tabs()
        self.listen("intervention", self._happened)
        self.listen(RESET, lambda _: self.read())
        self.set_interval(TICK, lambda: self.table.redraw() if self.is_current else None)
        self._fit()
        self.read()

    def on_resize(self) -> None:
        """Beside the list where there is room."""
        if self.is_mounted:
            self._fit()

    def _fit(self) -> None:
        is_page = self.tab == "effect"
        self.query_one("#panes").display = not is_page
        self.query_one("#page").display = is_page
        is_wide = self.room >= WIDE and not self.console.preferences.current.linear
        self.query_one("#aside").display = is_wide
        self.hand_to(self.query_one("#page") if is_page else self.table)

    # -- reading

    def read(self) -> None:
        """What the tab in front shows, from its first page on."""
        if self.tab == "effect":
            self._read_effect()
        else:
            self._fetch(None)

    def _fetch(self, cursor: str | None) -> None:
        api, tab = self.console.api, self.tab
        query: dict[str, Any] = {"limit": PAGE, "cursor": cursor, **TABS[tab][1]}

        def done(answer: Any) -> None:
            if self.is_attached and self.tab == tab:
                self._show(told(answer), is_first=cursor is None)

        def failed(error: Exception) -> None:
            if self.is_attached and self.tab == tab and not len(self.table.model):
                again = self.console.key_of("retry")
                self.table.show_error(f"Interventions could not be read: {error} {again} tries again.")

        if not self._known:
            self.table.show_loading("Loading …")
        ask = lambda: api.interventions.list(**query)  # noqa: E731
        self.console.calls.start(
            "read interventions", ask, done=done, failed=failed, group="interventions", exclusive=True
        )

    def _read_effect(self) -> None:
        api, horizon, panel = self.console.api, self._horizon, self.query_one("#text", Panel)
        title = "Did interventions help?"

        def done(answer: Any) -> None:
            if self.is_attached:
                panel.show((), words.effect(told(answer)), title=title)

        def failed(error: Exception) -> None:
            if self.is_attached:
                panel.show_error(f"This could not be read. {self.console.key_of('retry')} tries again.")

        panel.show_loading()
        ask = lambda: api.interventions.effect(horizon)  # noqa: E731
        self.console.calls.start(
            "read whether they helped", ask, done=done, failed=failed, group="effect", exclusive=True
        )

    def _show(self, page: Row, *, is_first: bool) -> None:
        rows = {row["id"]: row for row in page["items"]}
        self._next = page["nextCursor"]
        self._counts = {"open": page["unfinished"], "overdue": page["overdue"]}
        table = self.table
        table.set_sort(_created if self.tab == "all" else _due, self.tab == "all")
        if is_first and self._known:
            table.remove_rows(self._known - rows.keys())
            table.upsert(rows.values())
        elif is_first:
            table.set_rows(rows.values())
        else:
            table.upsert(rows.values())
        self._known = set(rows) if is_first else self._known | rows.keys()
        table.show_ready()
        self._show_tabs()
        self._show_one()
        self.recheck()

    def _happened(self, _: Update) -> None:
        if self._soon is None:
            self._soon = self.set_timer(SETTLES, self._read_again)

    def _read_again(self) -> None:
        self._soon = None
        if self.console.is_online:
            self.read()

    # -- what is shown

    def _show_tabs(self) -> None:
        late = self._counts["overdue"]
        counts = {"open": (self._counts["open"], ""), "overdue": (late, "danger" if late else "")}
        self.query_one(TabStrip).show(
            [Tab(key, title, *counts[key]) if key in counts else Tab(key, title) for key, (title, _) in TABS.items()]
        )

    def _empty(self) -> list[tuple[str, str]]:
        if self._filter:
            return [("Nothing matches the filter. ", ""), ("esc in it takes it away.", "muted")]
        hint = f"{self.console.key_of('customer_plan')} on a customer plans something."
        return [(f"{_NOTHING.get(self.tab, '')} ", ""), (hint, "muted")]

    def _show_one(self) -> None:
        row, panel = self.row(), self.query_one("#one", Panel)
        if row is None:
            panel.show((), (), title="")
        else:
            content = words.about(row, self.console.now())
            panel.show(content.pairs, content.lines, title=row["type"].capitalize(), freshness=content.freshness)

    @on(QueueTable.Highlighted)
    def _cursor_moved(self) -> None:
        self._show_one()
        self.recheck()
        key = self.table.cursor_key
        place = self.table.model.position(key) if key is not None else None
        if self._next is not None and place is not None and place >= len(self.table.model) - NEAR_END:
            cursor, self._next = self._next, None
            self._fetch(cursor)

    @on(TabStrip.TabSelected)
    def _tab_selected(self) -> None:
        self._known, self._next = set(), None
        self.table.set_rows([])
        self._fit()
        self.read()

    @on(FilterLine.Changed)
    def _filter_typed(self, event: FilterLine.Changed) -> None:
        self._filter = event.text
        wanted = self._filter.casefold().split()
        self.table.set_filter(lambda row: all(word in _said(row) for word in wanted))
        self.query_one(FilterLine).show(f"{len(self.table.model)} match" if wanted else "", False)

    @on(FilterLine.Left)
    def _filter_left(self) -> None:
        self.table.focus()

    def put(self, now: Row) -> None:
        """One was changed from here."""
        if self.is_attached and now["id"] in self._known:
            self.table.upsert([now])
            self._show_one()

    # -- what verbs act on

    def row(self) -> Row | None:
        """The intervention under the cursor, as it is shown."""
        return self.table.row(self.table.cursor_key) if self.is_mounted and self.tab != "effect" else None

    def topic(self) -> Topic:
        """The customer of the one under the cursor."""
        row = self.row()
        return of_customer(row["customerId"], words.customer(row)) if row is not None else Topic()

    def about(self) -> tuple[str, ...]:
        """What verbs act on."""
        row = self.row()
        return (row["id"],) if row is not None else ()

    def verdicts(self) -> Mapping[str, str]:
        """There must be one under the cursor."""
        verbs = (
            "plan_status",
            "plan_done",
            "plan_assign",
            "plan_priority",
            "plan_due",
            "plan_next",
            "plan_note",
            "open",
        )
        return {} if self.row() is not None else dict.fromkeys(verbs, "There is no intervention under the cursor.")

    async def perform(self, action: Action, value: str = "", *, is_agreed: bool = False) -> None:
        """A key is a hand: rows stay where they are for a while."""
        if self.is_mounted:
            self.table.touch()
        await super().perform(action, value, is_agreed=is_agreed)

    # -- going about

    def action_horizon(self, days: str = "") -> None:
        """How long after they began it is looked whether they helped."""
        self._horizon = 90 if days == "90" else 30
        self.query_one(TabStrip).choose("effect")
        self._read_effect()

    def action_open(self, ref: str = "") -> None:
        """Everything about its customer, or the case named."""
        if ref:
            self.console.open_named(ref)
        elif (row := self.row()) is not None:
            from console.customers.customer import CustomerScreen

            self.app.push_screen(CustomerScreen(row["customerId"]))

    @on(QueueTable.Opened)
    def _opened(self) -> None:
        self.action_open()

    def action_filter_rows(self, text: str = "") -> None:
        """Filter as it is typed, or by the words given."""
        line = self.query_one(FilterLine)
        if text:
            line.put(text)
        else:
            line.open()

    def action_read_again(self) -> None:
        """Everything as it is now."""
        self.read()

    def action_back(self) -> None:
        """Out of the filter, then as everywhere."""
        if self._filter:
            self.query_one(FilterLine).clear()
        else:
            super().action_back()


def _due(row: Row) -> tuple[str, str]:
    return row["dueDate"] or "9", row["id"]


def _created(row: Row) -> tuple[str, str]:
    return row["createdAt"], row["id"]


def _said(row: Row) -> str:
    parts = (
        words.customer(row),
        row["userId"],
        row["type"],
        row["nextAction"],
        row["description"],
        row["assigneeName"],
    )
    return " ".join(part for part in (*parts, row["status"], row["priority"]) if part).casefold()
