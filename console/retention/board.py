"""What the retention board shows: a table for each tab, what is under the cursor beside it, and where that comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from console.actions import Action
from console.desk.filter_line import FilterLine
from console.desk.states import waiting_text
from console.frame.previewed import Previewed
from console.frame.topic import Topic, of_customer
from console.retention import columns, preview, subscriptions, words
from console.retention.beside import Beside
from console.retention.flows import Flows
from console.retention.results import Results
from console.retention.runs import Runs, whole
from console.retention.subscriptions import Subscriptions
from console.retention.words import Row
from console.store import RESET
from widgets.panel import Panel
from widgets.plain import plain
from widgets.queue_messages import Highlighted
from widgets.queue_table import QueueTable
from widgets.tabs import Tab, TabStrip

if TYPE_CHECKING:
    from backend.billing.schemas import SubscriptionRead

LIVE, DECIDED, FLOWS, RESULTS, SUBSCRIPTIONS = "live", "decided", "flows", "results", "subscriptions"
TICK = 15.0
"""Seconds between looks at the clock: ages are told in minutes."""
NEAR_END = 20
"""Rows from the end at which the next page is read."""
HINT = "words of customer, plan, reason, offer …"
_PANE = {LIVE: "main", DECIDED: "main", FLOWS: "flows", RESULTS: "results", SUBSCRIPTIONS: "subscriptions"}
_ABOUT = {
    LIVE: "Customers who want to cancel, and what they look at now. It moves by itself.",
    DECIDED: "“Goes on at” is what is billed from then on, not what an offer brought.",
    FLOWS: "What customers meet who want to cancel. The flow rules (g r) say who meets which.",
}


class Board(Previewed):
    """Its keys are in :class:`console.retention.retention.RetentionScreen`."""

    CSS_PATH = "board.tcss"

    def __init__(self) -> None:
        super().__init__()
        self.runs = Runs(self, self._runs_changed)
        self.flows = Flows(self, self._flows_changed)
        self.paying = Subscriptions(self, self._subscriptions_changed)
        self._filters: dict[str, str] = {}

    def compose_body(self) -> ComposeResult:
        now = lambda: self.console.now()  # noqa: E731 - asked for each time
        yield TabStrip(self._tabs(), id="tabs")
        yield Static(id="span", markup=False)
        yield FilterLine(HINT)
        with Container(id="panes"):
            yield QueueTable(columns.of_runs(now), key="runId", empty=self._no_runs, id="main")
            yield QueueTable(columns.of_flows(self.flows.performance), key="flowId", empty="No flow.", id="flows")
            yield QueueTable(subscriptions.columns(now), key="id", empty=self._no_subscription, id="subscriptions")
            yield Results(self.console, id="results")
            with VerticalScroll(id="aside", can_focus=False):
                yield Panel(id="known")

    # -- where one is

    @property
    def tab(self) -> str:
        """The tab in front."""
        return self.query_one(TabStrip).active if self.is_mounted else LIVE

    @property
    def table(self) -> QueueTable:
        """The table in front; that of the runs where there is none."""
        return self.query_one(f"#{'main' if self.tab == RESULTS else _PANE[self.tab]}", QueueTable)

    @property
    def results(self) -> Results:
        """What offers brought."""
        return self.query_one(Results)

    @property
    def front(self) -> Widget:
        """What has the keyboard on the tab in front."""
        return self.results.numbers if self.tab == RESULTS else self.table

    def on_mount(self) -> None:
        """Read, and follow the feed."""
        super().on_mount()
        self.beside = Beside(self, self.query_one("#known", Panel))
        self.listen("retention_run", self.runs.happened)
        self.listen("flow", self.flows.happened)
        self.listen("subscription", self.paying.happened)
        self.listen(RESET, lambda _: self.read())
        self.set_interval(TICK, self._tick)
        self.show_tab()
        self.read()

    def fit(self) -> None:
        """The preview beside the table where there is room; else in its place, once it is asked for."""
        is_wide, is_off = self.is_wide, self.is_off
        is_table = self.tab != RESULTS
        for pane, is_there in ((self.query_one("#panes"), is_table), (self.results, not is_table)):
            pane.set_class(is_there and is_wide and not is_off, "-beside")
            pane.set_class(is_there and not is_wide and self.is_over, "-over")
        self.results.query_one("#plots").styles.width = max(48, self.room * 7 // 20) if is_wide else None
        self.query_one("#aside").styles.width = max(46, self.room * 3 // 10) if is_wide else None
        self.beside.is_wanted = (is_wide and not is_off) or self.is_over
        self.show_beside()
        if not is_table:
            self.call_after_refresh(self.results.show_plots)

    # -- reading

    def read(self) -> None:
        """Everything anew."""
        self.beside.forget()
        self.runs.read()
        self.flows.read()
        self._read_tab(again=True)

    def _read_tab(self, *, again: bool = False) -> None:
        """What only the tab in front shows, unless it is here."""
        if self.tab == RESULTS and (again or self.results.answers is None):
            self.results.read()
        elif self.tab == SUBSCRIPTIONS and (again or not self.paying.is_loaded):
            self.paying.read()

    def _tick(self) -> None:
        if self.is_current and self.tab != RESULTS:
            self.table.redraw()
            self.show_about()

    # -- showing

    def show_tab(self) -> None:
        """What the tab in front holds."""
        tab = self.tab
        for id in set(_PANE.values()):
            self.query_one(f"#{id}").set_class(id != _PANE[tab], "-hidden")
        self.is_over = False
        self.query_one(FilterLine).put(self._filters.get(tab, ""))
        if tab in (LIVE, DECIDED):
            self.table.model.order_by(_newest, True)
        self.show_about()
        self.filter_rows()
        self.fit()
        self.show_state()
        if not isinstance(self.focused, Input):
            self.front.focus()
        self._read_tab()
        self.recheck()

    def show_about(self) -> None:
        """A line above the rows: what they are."""
        if self.tab == RESULTS:
            said = self.results.head or "What offers brought, against those who by chance got none."
        elif self.tab == SUBSCRIPTIONS:
            said = self.paying.about(self.console.now())
        else:
            said = _ABOUT[self.tab]
        self.query_one("#span", Static).update(Content(plain(said)))

    def _tabs(self) -> list[Tab]:
        live = self.runs.open
        return [
            Tab(LIVE, "Live", live if self.runs.is_loaded else None, "warning" if live else ""),
            Tab(DECIDED, "Decided"),
            Tab(FLOWS, "Flows", len(self.flows.rows) or None),
            Tab(RESULTS, "Results"),
            Tab(SUBSCRIPTIONS, "Subscriptions", short="Subs"),
        ]

    def show_tabs(self) -> None:
        """The counts, as they are now."""
        self.query_one(TabStrip).show(self._tabs())

    def _runs_changed(self, rows: Iterable[Row] | None) -> None:
        table = self.query_one("#main", QueueTable)
        if rows is None and not self.runs.trouble:
            table.set_rows(self.runs.rows.values())
        elif rows is not None:
            changed = list(rows)
            table.upsert(changed)
            self.filter_rows(now=False)
            if table.cursor_key in {row["runId"] for row in changed}:
                self.call_after_refresh(self.show_beside)
        self._after_change()

    def _flows_changed(self) -> None:
        table = self.query_one("#flows", QueueTable)
        if not self.flows.trouble:
            table.set_rows(self.flows.rows.values())
        self._after_change()

    def _subscriptions_changed(self) -> None:
        table, rows = self.query_one("#subscriptions", QueueTable), self.paying.rows
        if not self.paying.trouble:
            table.set_rows(rows.values())
            table.set_order(rows)
        if self.tab == SUBSCRIPTIONS:
            self.show_about()
        self._after_change()

    def _after_change(self) -> None:
        self.show_tabs()
        self.show_state()
        self.show_beside()
        self.recheck()

    def show_state(self) -> None:
        """While no rows can be there, why: they are on their way, or could not be read."""
        held: Runs | Flows | Subscriptions = (
            self.flows if self.tab == FLOWS else self.paying if self.tab == SUBSCRIPTIONS else self.runs
        )
        role, text = waiting_text(self.store.is_loaded, self.console.feed, self.console.key_of("retry"))
        if held.is_loaded:
            self.table.show_ready()
        elif held.trouble:
            self.table.show_error(f"This could not be read: {held.trouble} {self.console.key_of('retry')} tries again.")
        elif role == "danger":
            self.table.show_error(text.replace("the queue", "the board"))
        else:
            self.table.show_loading("Loading …")

    def _no_runs(self) -> list[tuple[str, str]]:
        if self._filters.get(self.tab):
            return [("Nothing matches the filter. ", ""), ("esc in it takes it away.", "muted")]
        if self.tab == LIVE:
            return [
                ("Nobody is about to cancel. ", "ok"),
                ("Who begins to appears here by itself; 2 shows what was.", "muted"),
            ]
        return [("Nobody has wanted to cancel yet. ", ""), ("What becomes of those who do stands here.", "muted")]

    def _no_subscription(self) -> list[tuple[str, str]]:
        if self.paying.status or self.paying.text:
            return [("Nothing matches. ", ""), ("s and / choose others.", "muted")]
        return [("No subscription is here. ", ""), ("They come from Stripe; Y reads it now.", "muted")]

    # -- filtering

    def filter_rows(self, *, now: bool = True) -> None:
        """Only the rows of the tab that have all the words of its filter."""
        tab = self.tab
        if tab in (RESULTS, SUBSCRIPTIONS):  # the server filters subscriptions; it knows those that are not here too
            return
        wanted = self._filters.get(tab, "").casefold().split()
        self.table.set_filter(lambda row: self._is_of(tab, row) and _has(row, wanted), now=now)
        said = f"{len(self.table.model)} match" if wanted else ""
        self.query_one(FilterLine).show(said, False)

    def _is_of(self, tab: str, row: Any) -> bool:
        return words.is_live(row) == (tab == LIVE) if tab in (LIVE, DECIDED) else True

    @on(FilterLine.Changed)
    def _filter_typed(self, event: FilterLine.Changed) -> None:
        self._filters[self.tab] = event.text
        if self.tab == SUBSCRIPTIONS:
            self.paying.text = event.text
            self.paying.read_soon()
        self.filter_rows()

    @on(FilterLine.Left)
    def _filter_left(self) -> None:
        self.front.focus()

    # -- what is under the cursor

    def row(self) -> Any:
        """The row under the cursor of the table in front; None when there is none."""
        return self.table.row(self.table.cursor_key) if self.is_mounted and self.tab != RESULTS else None

    def run(self) -> Row | None:
        """The run under the cursor."""
        return self.row() if self.tab in (LIVE, DECIDED) else None

    def flow(self) -> Row | None:
        """The flow under the cursor."""
        return self.row() if self.tab == FLOWS else None

    def subscription(self) -> SubscriptionRead | None:
        """The subscription under the cursor."""
        return self.row() if self.tab == SUBSCRIPTIONS else None

    def show_beside(self) -> None:
        """What is known of it."""
        if not self.is_mounted:
            return
        api, now = self.console.api, self.console.now()
        if (run := self.run()) is not None:
            id = run["runId"]
            self.beside.show(
                (id, run["version"]), lambda found: preview.of_run(run, found, now), lambda: whole(api, id)
            )
        elif (flow := self.flow()) is not None:
            id = flow["flowId"]
            performance = self.flows.performance(id)
            draw = lambda found: preview.of_flow(flow, found, performance)  # noqa: E731
            self.beside.show((id, flow["version"]), draw, lambda: self.flows.whole(id))
        elif (paid := self.subscription()) is not None:
            self.beside.show((paid.id, paid.version), lambda _: subscriptions.beside(paid, now), None)
        else:
            self.beside.show_nothing()

    def topic(self) -> Topic:
        """The customer of the run or of the subscription under the cursor."""
        if (run := self.run()) is not None:
            return of_customer(run["customerId"], words.customer(run))
        paid = self.subscription()
        return of_customer(paid.customer.id, paid.customer.name or paid.customer.external_id) if paid else Topic()

    def about(self) -> tuple[str, ...]:
        """What verbs act on."""
        return (str(self.table.cursor_key),) if self.is_mounted else ()

    @on(TabStrip.TabSelected)
    def _tab_selected(self) -> None:
        self.show_tab()

    @on(QueueTable.Highlighted)
    def _cursor_moved(self, event: Highlighted) -> None:
        if event.table is not self.table:
            return
        self.query_one("#aside").scroll_home(animate=False)
        self.show_beside()
        self.recheck()
        model = self.table.model
        place = model.position(self.table.cursor_key)
        if self.tab == DECIDED and place is not None and place >= len(model) - NEAR_END:
            self.runs.read_more()
        elif self.tab == SUBSCRIPTIONS and place is not None and place >= len(model) - NEAR_END:
            self.paying.read_more()

    async def perform(self, action: Action, value: str = "", *, is_agreed: bool = False) -> None:
        """A key is a hand: rows stay where they are for a while."""
        if self.is_mounted:
            self.table.touch()
        await super().perform(action, value, is_agreed=is_agreed)


def _newest(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["decidedAt"] or row["startedAt"], row["runId"]


def _has(row: Any, wanted: list[str]) -> bool:
    """Whether all words stand somewhere in what a row says of itself."""
    if not wanted:
        return True
    said = _said(row).casefold()
    return all(word in said for word in wanted)


def _said(row: Any) -> str:
    if "runId" in row:
        stands = "".join(text for text, _ in words.standing(row))
        parts = (
            row["customerName"],
            row["userId"],
            row["reasonLabel"],
            row["facts"].get("plan"),
            row["flowName"],
            stands,
            row["group"],
        )
    else:
        parts = (row["name"], row["status"], *row["segments"])
    return " ".join(str(part) for part in parts if part)
