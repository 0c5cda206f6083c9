"""Customers (`g c`): who may leave, why, and what they bring; enter opens everything about one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from console.customers.causes import CausesScreen
from console.customers.columns import named, of_customers
from console.customers.customer import CustomerScreen
from console.customers.leaving import TOPICS
from console.desk.filter_line import FilterLine
from console.frame.screen import FrameScreen
from console.frame.topic import Topic, of_customer
from console.interventions.planning import plan
from console.playbooks.starting import choose
from console.store import RESET, Update
from console.twin import told
from widgets.plain import plain
from widgets.queue_table import QueueTable

Row = Mapping[str, Any]
PAGE = 200
NEAR_END = 20
"""Rows from the end of what was read, at which more is read."""
SETTLES = 1.0
"""Seconds in which what happened to risks is gathered into one question."""
REST = 0.25
"""Seconds the cursor rests on a row before its trend is read."""
TICK = 15.0
HINT = "words of name, id, tier, reason …"

ORDERS = {
    "risk": ("risk", "The highest risk first."),
    "mrr": ("mrr", "Who brings most a month first."),
    "leaves": ("churn", "Who is most likely to leave first."),
    "seen": ("last_activity", "Who was there last first."),
}
"""Of a table: what the server sorts by, and how it is told."""


class CustomersScreen(FrameScreen):
    """The table of customers."""

    family: ClassVar[str] = "customers"
    heading: ClassVar[str] = "Customers"
    CSS_PATH = "customers.tcss"

    def __init__(self) -> None:
        super().__init__()
        self.order = "risk"
        self.trouble = ""
        self._known: set[str] = set()
        self._next: str | None = None
        self._pages = 1
        self._trends: dict[str, list[float]] = {}
        self._filter = ""
        self._timer: Timer | None = None
        self._rest: Timer | None = None

    def compose_body(self) -> ComposeResult:
        yield Static(id="span", markup=False)
        yield FilterLine(HINT)
        columns = of_customers(lambda: self.console.now(), lambda id: self._trends.get(id, []))
        yield QueueTable(columns, key="id", empty=self._empty, id="main")

    @property
    def table(self) -> QueueTable:
        """The rows."""
        return self.query_one(QueueTable)

    def on_mount(self) -> None:
        """Read, and follow the feed."""
        super().on_mount()
        for topic in (*TOPICS, "customer"):
            self.listen(topic, self._happened)
        self.listen(RESET, lambda _: self.read())
        self.set_interval(TICK, lambda: self.table.redraw() if self.is_current else None)
        self.table.show_loading("Loading …")
        self._order_rows()
        self.read()

    # -- reading

    def read(self) -> None:
        """The customers at the top of the order, as they are now: as many pages as one has gone through."""
        api, sort, pages = self.console.api, ORDERS[self.order][0], self._pages

        async def ask() -> tuple[dict[str, Row], str | None]:
            found: dict[str, Row] = {}
            cursor = None
            for _ in range(pages):
                page = told(await api.customers.list(sort=sort, limit=PAGE, cursor=cursor))
                found |= {row["id"]: row for row in page["items"]}
                if (cursor := page["nextCursor"]) is None:
                    break
            return found, cursor

        def done(answer: tuple[dict[str, Row], str | None]) -> None:
            if self.is_attached:
                rows, self._next = answer
                self._take_in(rows)
                self.table.show_ready()
                self._say_span()
                self.recheck()

        def failed(error: Exception) -> None:
            if self.is_attached and not len(self.table.model):
                self.table.show_error(f"This could not be read: {error} {self.console.key_of('retry')} tries again.")

        self.console.calls.start(
            "read the customers",
            ask,
            done=done,
            failed=failed,
            group="customers",
            exclusive=True,
        )

    def _take_in(self, rows: dict[str, Row]) -> None:
        """Rows stay where they are under the hand."""
        if self._known:
            self.table.upsert(rows.values())
            self.table.remove_rows(self._known - rows.keys())
            self.table.redraw()  # a risk is another though the customer's version is not
        else:
            self.table.set_rows(rows.values())
        self._known = set(rows)

    def _happened(self, update: Update) -> None:
        self._trends.pop(update.id, None)
        if self._timer is None:
            self._timer = self.set_timer(SETTLES, self._read_again)

    def _read_again(self) -> None:
        self._timer = None
        if self.console.is_online:
            self.read()

    def _read_trend(self, id: str) -> None:
        """The scores of before of the row on which the cursor rests."""
        api = self.console.api

        def done(risk: Any) -> None:
            if self.is_attached:
                self._trends[id] = [float(point.score) for point in reversed(risk.history)]
                self.table.redraw([id])

        self.console.calls.start(
            "read the trend", lambda: api.customers.risk(id), done=done, group="trend", exclusive=True
        )

    @on(QueueTable.Highlighted)
    def _cursor_moved(self) -> None:
        self.recheck()
        if self._rest is not None:
            self._rest.stop()
        id = self.table.cursor_key
        place = self.table.model.position(id) if id is not None else None
        if self._next is not None and place is not None and place >= len(self.table.model) - NEAR_END:
            self._next, self._pages = None, self._pages + 1
            self.read()
        if id is not None and id not in self._trends and self.console.is_online:
            self._rest = self.set_timer(REST, lambda: self._read_trend(str(id)))

    # -- what is shown

    def _order_rows(self) -> None:
        self.table.set_sort(_KEYS[self.order], True)
        self._say_span()

    def _say_span(self) -> None:
        more = f" {len(self._known):,} are read, more further down." if self._next else ""
        self.query_one("#span", Static).update(Content(plain(f"{ORDERS[self.order][1]}{more}")))

    def _filter_rows(self) -> None:
        wanted = self._filter.casefold().split()
        self.table.set_filter(lambda row: all(word in _said(row) for word in wanted))
        self.query_one(FilterLine).show(f"{len(self.table.model)} match" if wanted else "", False)

    def _empty(self) -> list[tuple[str, str]]:
        if self._filter:
            return [("Nothing matches the filter. ", ""), ("esc in it takes it away.", "muted")]
        return [("No customer yet. ", ""), ("They come with their first case or signal.", "muted")]

    @on(FilterLine.Changed)
    def _filter_typed(self, event: FilterLine.Changed) -> None:
        self._filter = event.text
        self._filter_rows()

    @on(FilterLine.Left)
    def _filter_left(self) -> None:
        self.set_focus(self.table)

    # -- keys

    def topic(self) -> Topic:
        """The customer under the cursor."""
        row = self.table.row(self.table.cursor_key) if self.is_mounted else None
        return of_customer(row["id"], row["name"] or row["userId"]) if row else Topic()

    def about(self) -> tuple[str, ...]:
        """What verbs act on."""
        if not self.is_mounted:
            return ()
        return tuple(map(str, self.table.marked_keys or (self.table.cursor_key,)))

    def verdicts(self) -> Mapping[str, str]:
        """There must be something under the cursor."""
        is_empty = self.is_mounted and self.table.cursor_key is None
        nothing = "There is nothing under the cursor."
        return dict.fromkeys(("open", "customer_playbook"), nothing) if is_empty else {}

    def action_open(self, ref: str = "") -> None:
        """Everything about the customer under the cursor; or the case named."""
        if ref:
            self.console.open_named(ref)
        elif (row := self.table.row(self.table.cursor_key)) is not None:
            self.app.push_screen(CustomerScreen(row["id"]))

    @on(QueueTable.Opened)
    def _opened(self) -> None:
        self.action_open()

    def action_customer_plan(self, text: str = "") -> None:
        """Plan something for the customer under the cursor."""
        row = self.table.row(self.table.cursor_key)
        if row is None:
            self.console.say("There is no customer under the cursor.", "warning")
        else:
            plan(self.console, row["id"], row["name"] or row["userId"], text)

    def action_filter_rows(self, text: str = "") -> None:
        """Filter as it is typed, or by the words given."""
        line = self.query_one(FilterLine)
        if text:
            self._filter = text
            line.put(text)
            self._filter_rows()
        else:
            line.open()

    def action_customer_order(self, by: str = "") -> None:
        """The order named, else the next one."""
        names = list(ORDERS)
        if by and by not in names:
            self.console.say(f"There is no order {by!r}; there are {', '.join(names)}.", "warning")
            return
        self.order = by or names[(names.index(self.order) + 1) % len(names)]
        self._next, self._pages, self._known = None, 1, set()  # from the top
        self._order_rows()
        self.read()

    def action_customer_playbook(self, name: str = "") -> None:
        """Start a playbook for those that are marked, else for the one under the cursor."""
        keys = self.table.marked_keys or [self.table.cursor_key]
        rows = [row for key in keys if (row := self.table.row(key)) is not None]
        choose(self.console, name, {row["id"]: named(row) for row in rows})

    def action_customers_why(self) -> None:
        """The causes among all who may leave, and what says so."""
        self.app.push_screen(CausesScreen())

    def action_read_again(self) -> None:
        """Everything as it is now."""
        self._trends.clear()
        self.read()

    def action_back(self) -> None:
        """Out of the marks, then of the filter, then as everywhere."""
        if self.table.marked_keys or self.table.model.anchor is not None:
            self.table.clear_marks()
        elif self._filter:
            self.query_one(FilterLine).clear()
        else:
            super().action_back()


_KEYS: dict[str, Any] = {
    "risk": lambda row: (row["risk"]["score"] if row["risk"] else -1, row["id"]),
    "mrr": lambda row: (row["paid"]["mrr"] if row["paid"] else -1, row["id"]),
    "leaves": lambda row: (row["churn"]["probability"] if row["churn"] else -1, row["id"]),
    "seen": lambda row: (row["lastActivity"] or "", row["id"]),
}


def _said(row: Row) -> str:
    risk = row["risk"]
    parts = (row["name"], row["userId"], row["tier"], *((risk["level"], *risk["reasons"]) if risk else ()))
    return " ".join(part for part in parts if part).casefold()
