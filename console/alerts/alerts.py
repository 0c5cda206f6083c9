"""Alerts: unread first; enter jumps to the cause, which is then read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Container

from console import actions
from console.actions import Action
from console.alerts.columns import KINDS, columns, is_of_many
from console.alerts.inbox import Inbox
from console.alerts.told import of_alert
from console.frame.tabbed import Tabbed
from console.frame.topic import Topic, of_customer
from widgets.panel import Panel
from widgets.plain import plain
from widgets.prompt import Choice, Option
from widgets.queue_messages import Opened
from widgets.queue_table import QueueTable
from widgets.tabs import Tab, TabStrip

if TYPE_CHECKING:
    from backend.alerts.schemas import AlertRead, AllRead, Muted

UNREAD, ALL = "unread", "all"
WIDE = 120
"""Columns from which on what became of an alert stands beside the list; below, it stands under it."""
TICK = 15.0
_LEADS = {
    "RISK_CHANGED": "go_customers",
    "CHURN_CROSSED": "go_customers",
    "PLAYBOOK": "go_playbooks",
    "PLAYBOOK_FAILED": "go_playbooks",
    "INTEGRATION_FAILING": "go_integrations",
    "INTERVENTION_OVERDUE": "go_interventions",
}
"""Where to see to what an alert without a case tells of."""
"""Seconds between looks at the clock: ages are told in minutes."""


class AlertsScreen(Tabbed):
    """The list of one's alerts."""

    family: ClassVar[str] = "alerts"
    heading: ClassVar[str] = "Alerts"
    CSS_PATH = "alerts.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._known: set[str] = set()

    def compose_body(self) -> ComposeResult:
        yield TabStrip(id="tabs")
        with Container(id="panes"):
            yield QueueTable(columns(lambda: self.console.now()), key="id", empty=self._empty, id="main")
            yield Panel(id="told")

    @property
    def table(self) -> QueueTable:
        """The rows."""
        return self.query_one(QueueTable)

    @property
    def inbox(self) -> Inbox:
        """Where they are kept."""
        assert self.console.session is not None, "shown while signed in"
        return self.console.session.inbox

    def on_mount(self) -> None:
        """Show what is there, and go on showing it."""
        self.table.model.order_by(_order, True)
        self.inbox.listeners.append(self.show_alerts)
        self.set_interval(TICK, lambda: self.table.redraw())
        self.show_alerts()
        self._filter()

    def on_unmount(self) -> None:
        """Nobody looks any more."""
        if self.console.session is not None and self.show_alerts in self.inbox.listeners:
            self.inbox.listeners.remove(self.show_alerts)

    # -- what is shown

    def show_alerts(self) -> None:
        """The alerts as they are now; rows stay where they are under the hand."""
        if not self.is_attached:
            return
        inbox, table = self.inbox, self.table
        if self._known:
            table.upsert(inbox.rows.values())
            table.remove_rows(self._known - inbox.rows.keys())
        else:
            table.set_rows(inbox.rows.values())
        self._known = set(inbox.rows)
        if inbox.trouble and not inbox.is_loaded:
            table.show_error(f"Your alerts could not be read: {inbox.trouble} They are read again by themselves.")
        elif not inbox.is_loaded:
            table.show_loading("Loading your alerts …")
        else:
            table.show_ready()
        tabs = [
            Tab(UNREAD, "Unread", inbox.unread, "warning" if inbox.unread else ""),
            Tab(ALL, "All", len(inbox.rows)),
        ]
        self.query_one(TabStrip).show(tabs)
        self.recheck()

    def _empty(self) -> list[tuple[str, str]]:
        if self.query_one(TabStrip).active == ALL:
            return [("Nothing was told to you yet. ", ""), ("What concerns you appears here by itself.", "muted")]
        return [("All read. ", ""), ("2 shows what there was.", "muted")]

    def _filter(self) -> None:
        only_unread = self.query_one(TabStrip).active == UNREAD
        self.table.set_filter((lambda row: not row["read"]) if only_unread else None)

    # -- what verbs act on

    def alert(self) -> Mapping[str, Any] | None:
        """The alert under the cursor."""
        return self.table.row(self.table.cursor_key) if self.is_mounted else None

    def topic(self) -> Topic:
        """The case or the customer of the one under the cursor."""
        alert = self.alert()
        if alert is None or not alert["incidenceId"]:
            return of_customer(alert["customerId"], alert["customerName"]) if alert else Topic()
        words = plain(f"{alert['ref']}, {alert['customerName'] or 'no name'}")
        return Topic(words, incidence_id=alert["incidenceId"])

    def verdicts(self) -> Mapping[str, str]:
        """There must be something to read."""
        alert, refused = self.alert(), {}
        if alert is None or alert["read"]:
            refused["read"] = "There is no alert here." if alert is None else "You have read it."
        if self.console.session is not None and not self.inbox.unread:
            refused["read_all"] = "You have read everything."
        return refused

    # -- the verbs

    def action_read(self) -> None:
        """The one under the cursor is read."""
        if (alert := self.alert()) is not None:
            self._read(alert)

    def _read(self, alert: Mapping[str, Any]) -> None:
        api, inbox = self.console.api, self.inbox

        def done(answer: AlertRead) -> None:
            inbox.put(answer.model_dump(mode="json", by_alias=True))

        self.console.calls.start("note that the alert is read", lambda: api.alerts.read(alert["id"]), done=done)

    def action_read_all(self) -> None:
        """All are read."""
        api, inbox = self.console.api, self.inbox

        def done(answer: AllRead) -> None:
            self.console.say(f"{answer.read} read.")
            inbox.refresh()

        self.console.calls.start("note that all is read", api.alerts.read_all, done=done)

    def action_open(self, ref: str = "") -> None:
        """Jump to the cause of the one under the cursor, or to the case named."""
        if ref:
            self.console.open_named(ref)
        else:
            self.table.action_open()

    @on(QueueTable.Opened)
    async def _opened(self, event: Opened) -> None:
        alert = self.table.row(event.key)
        if alert is None:
            return
        if alert["incidenceId"] is None:
            await self._open_other(alert)
            return
        shown = [self.table.row(key) for key in self.table.model.shown]
        cases = [row["incidenceId"] for row in shown if row is not None and row["incidenceId"] is not None]
        if not alert["read"] and self.console.is_online:
            self._read(alert)
        self.console.open_incidence(alert["incidenceId"], list(dict.fromkeys(cases)))

    async def _open_other(self, alert: Mapping[str, Any]) -> None:
        """What is about a customer and no case leads to the customer; about several, or none, to where it is seen to."""
        is_of_one = alert["customerId"] is not None and not is_of_many(alert)
        leads = _LEADS.get(alert["kind"])
        if not is_of_one and leads is None:
            self.console.say("It is about no case and no customer.")
            return
        if not alert["read"] and self.console.is_online:
            self._read(alert)
        if is_of_one:
            from console.customers.customer import CustomerScreen

            self.app.push_screen(CustomerScreen(alert["customerId"]))
        elif leads is not None:
            await self.perform(actions.BY_ID[leads])

    def action_deliveries(self) -> None:
        """What became of the one under the cursor outside; again to see no more of it."""
        panes = self.query_one("#panes")
        panes.toggle_class("-told")
        self._tell()

    def on_resize(self) -> None:
        """Beside the list where there is room."""
        self.query_one("#panes").set_class(self.room < WIDE, "-narrow")

    def _tell(self) -> None:
        """Show what became of the one under the cursor, when that is wanted."""
        alert, panel = self.alert(), self.query_one("#told", Panel)
        if not self.query_one("#panes").has_class("-told"):
            return
        if alert is None:
            panel.show((), ["There is no alert here."], title="Told outside")
            return
        id, api = alert["id"], self.console.api

        def done(page: Any) -> None:
            now = self.alert()
            if self.is_attached and now is not None and now["id"] == id:
                rows = [one.model_dump(mode="json", by_alias=True) for one in page.items]
                panel.show(*of_alert(now, rows, self.console.now()), title="Told outside")

        self.console.calls.start(
            "read where it was told", lambda: api.alerts.deliveries(id), done=done, group="told", exclusive=True
        )

    def action_mute(self) -> None:
        """Choose a kind to hear nothing of, or to hear of again."""
        api = self.console.api

        def ask(known: Muted) -> None:
            options = [
                Option(
                    kind, words, "muted; enter hears of it again" if kind in known.kinds else "heard; enter mutes it"
                )
                for kind, words in KINDS.items()
            ]
            self.app.push_screen(Choice("Mute a kind", options), lambda kind: self._mute(kind, known))

        self.console.calls.start("read what is muted", api.alerts.muted, done=ask)

    def _mute(self, kind: str | None, known: Muted) -> None:
        if kind is None:
            return
        from backend.alerts.schemas import Muted

        api = self.console.api
        body = Muted.model_validate({"kinds": sorted({*known.kinds} ^ {kind})})
        is_muted = kind in body.kinds
        said = f"You hear nothing of “{KINDS[kind]}” any more." if is_muted else f"You hear of “{KINDS[kind]}” again."
        self.console.calls.start("mute it", lambda: api.alerts.mute(body), done=lambda _: self.console.say(said))

    # -- going about

    async def perform(self, action: Action, value: str = "", *, is_agreed: bool = False) -> None:
        """A key is a hand: rows stay where they are for a while."""
        if self.is_mounted:
            self.table.touch()
        await super().perform(action, value, is_agreed=is_agreed)

    @on(TabStrip.TabSelected)
    def _tab_selected(self) -> None:
        self._filter()
        self.recheck()

    @on(QueueTable.Highlighted)
    def _cursor_moved(self) -> None:
        self.recheck()
        self._tell()


def _order(row: Mapping[str, Any]) -> tuple[bool, str, str]:
    return not row["read"], row["at"], row["id"]
