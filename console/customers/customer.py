"""Everything about a customer: what happened over all cases, and panels of who it is, risk, subscription and cases."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal

from console.billing.paid import Paid
from console.billing.panel import subscription
from console.customers.around import Life
from console.customers.churn import churn
from console.customers.leaving import TOPICS, Leaving
from console.desk import wording
from console.frame.screen import FrameScreen
from console.frame.topic import Topic, of_customer
from console.incidences.happenings import entry_of, is_told
from console.incidences.panels import Content, customer
from console.incidences.side import Side
from console.interventions import words
from console.interventions.planning import plan
from console.playbooks.starting import choose
from console.store import RESET, Update
from widgets.paint import Cell
from widgets.timeline import Timeline
from widgets.timeline_book import Entry

if TYPE_CHECKING:
    from backend.core.wire import Page
    from backend.customers.schemas import CustomerRead
    from backend.incidences.schemas import TimelineEntry

TITLES = ("Customer", "Churn", "Subscription", "Cases", "Planned", "Visits")
PAGE = 100
BESIDE = 100
"""Columns from which the panels stand beside the story; below, under it."""
SETTLES = 0.5


class CustomerScreen(FrameScreen):
    """`CustomerScreen(customer_id)`."""

    family: ClassVar[str] = "customer"
    heading: ClassVar[str] = "Customer"
    CSS_PATH = "customers.tcss"

    def __init__(self, customer_id: str) -> None:
        super().__init__()
        self.customer_id = customer_id
        self.who: CustomerRead | None = None
        self._next: str | None = None
        self._is_asking = False

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="work"):
            yield Timeline(id="main", empty="Nothing happened yet.")
            yield Side(TITLES)

    @property
    def timeline(self) -> Timeline:
        """What happened."""
        return self.query_one(Timeline)

    def _whose(self) -> str:
        return self.customer_id if self.is_attached and self.is_running else ""

    def on_mount(self) -> None:
        """Read, and follow the feed."""
        super().on_mount()
        self.leaving = Leaving(self, self._whose, self.show_panels)
        self.paid = Paid(self, self._whose, self.show_panels)
        for topic in TOPICS:
            self.listen(topic, self.leaving.happened)
        for topic in ("subscription", "subscription_change"):
            self.listen(topic, self.paid.happened)
        self.life = Life(self, self._whose, self.show_panels)
        self.listen("intervention", self._planned)
        self.listen("incidence", self._case_changed)
        self.listen(RESET, lambda _: self.read())
        self.fit()
        self.timeline.show_loading()
        self.query_one(Side).show_loading()
        self.read()

    def on_resize(self) -> None:
        """Another size, another arrangement."""
        self.fit()

    def fit(self) -> None:
        """Beside the story where there is room, else under it."""
        self.set_class(self.room < BESIDE or self.console.preferences.current.linear, "-narrow")

    def read(self) -> None:
        """Who it is and what happened; the panels read their own."""
        api, id = self.console.api, self.customer_id

        async def both() -> tuple[CustomerRead, Page[TimelineEntry]]:
            return await api.customers.show(id), await api.customers.timeline(id, limit=PAGE)

        def done(found: tuple[CustomerRead, Page[TimelineEntry]]) -> None:
            if self._whose():
                self.who, page = found
                self._next = page.next_cursor
                self.timeline.show(self._entries(page.items))
                self.show_panels()
                self.recheck()

        def failed(error: Exception) -> None:
            if self._whose():
                retry = self.console.key_of("retry")
                self.timeline.show_error(f"This customer could not be read. {retry} tries again, esc goes back.")
                self.query_one(Side).show_error(str(error))

        self.console.calls.start("read the customer", both, done=done, failed=failed, group="customer", exclusive=True)
        self.leaving.read()
        self.paid.read()
        self.life.read()

    @on(Timeline.ReachedStart)
    def _read_older(self) -> None:
        if self._next is None or self._is_asking:
            return
        api, id, cursor, self._is_asking = self.console.api, self.customer_id, self._next, True

        def done(page: Page[TimelineEntry]) -> None:
            self._is_asking, self._next = False, page.next_cursor
            if self._whose():
                self.timeline.upsert(self._entries(page.items))

        def failed(_: Exception) -> None:
            self._is_asking = False

        ask = lambda: api.customers.timeline(id, limit=PAGE, cursor=cursor)  # noqa: E731
        self.console.calls.start("read what was before", ask, done=done, failed=failed, group="older")

    def _entries(self, items: Sequence[TimelineEntry]) -> list[Entry]:
        frames = [entry.model_dump(mode="json", by_alias=True) for entry in items]
        return [self._entry(frame) for frame in frames if is_told(frame)]

    def _entry(self, frame: Mapping[str, Any]) -> Entry:
        name = self.who.name or self.who.user_id if self.who is not None else "The customer"
        entry = entry_of(frame, name, self._name_of, self.console.now())
        case = self.store.incidences.get(frame.get("incidenceId") or "")
        return replace(entry, text=f"{case['ref']}: {entry.text}") if case else entry

    def _name_of(self, id: str) -> str:
        return str((self.store.members.get(id) or {}).get("name") or "somebody")

    def _case_changed(self, update: Update) -> None:
        if update.row is None or update.row["customer"]["id"] != self.customer_id:
            return
        if update.frame is not None and self.who is not None and is_told(update.frame):
            self.timeline.upsert([self._entry(update.frame)])
        self.show_panels()

    # -- panels

    def show_panels(self) -> None:
        """Draw what is known."""
        if self.who is not None and self._whose():
            now = self.console.now()
            self.query_one(Side).show(
                (
                    replace(customer(self.who), freshness=""),
                    churn(self.leaving.held, self.leaving.trouble, now),
                    subscription(self.paid.held, self.paid.trouble, now),
                    Content(lines=[_line(row) for row in self.cases()] or [[("No case in the mirror.", "muted")]]),
                    *self._around(),
                )
            )

    def _around(self) -> tuple[Content, Content]:
        held, trouble, now = self.life.held, self.life.trouble, self.console.now()
        planned, visits = (None, None) if held is None else (held.interventions, held.visits)
        key = self.console.key_of("customer_plan")
        has_more = held is not None and held.has_more
        return words.of_customer(planned, trouble, now, key), words.visits(visits, has_more, trouble, now)

    def _planned(self, update: Update) -> None:
        """Something is other in what is planned; what happened stands in the story too."""
        frame = update.frame
        if frame is not None and frame.get("customerId") == self.customer_id:
            self.life.happened(update)
            if self.who is not None:
                self.timeline.upsert([self._entry(frame)])

    def cases(self) -> list[Mapping[str, Any]]:
        """Their cases that are in the mirror: open ones first, then the newest."""
        theirs = [row for row in self.store.incidences.values() if row["customer"]["id"] == self.customer_id]
        return sorted(theirs, key=lambda row: (row["status"] != "CLOSED", row["createdAt"]), reverse=True)

    # -- keys

    def action_customer_mail(self) -> None:
        """Note that they want no mail, or want it again."""
        from backend.customers.schemas import CustomerChange

        who, api = self.who, self.console.api
        if who is None:
            return
        opts_out = not who.email_opt_out

        def change(version: int) -> Awaitable[CustomerRead]:
            return api.customers.change(who.id, CustomerChange(version=version, email_opt_out=opts_out))

        def done(_: CustomerRead) -> None:
            self.console.say("No playbook mails them any more." if opts_out else "Playbooks may mail them again.")
            self.read()

        again = lambda now: change(now["version"])  # noqa: E731
        self.console.calls.start("change who gets mail", lambda: change(who.version), done=done, again=again)

    def topic(self) -> Topic:
        """The customer."""
        return of_customer(self.customer_id, self.who.name or self.who.user_id if self.who is not None else "")

    def about(self) -> tuple[str, ...]:
        """What verbs act on."""
        return (self.customer_id,)

    def verdicts(self) -> Mapping[str, str]:
        """There must be a case to open."""
        return {} if self.cases() else {"open": "This customer has no case here."}

    def action_open(self, ref: str = "") -> None:
        """The customer's newest open case, or the one named."""
        row = self.store.find(ref) if ref else next(iter(self.cases()), None)
        if row is None:
            self.console.say(f"{ref or 'A case of this customer'} is not in the mirror.", "warning")
        else:
            self.console.open_incidence(row["incidenceId"], [one["incidenceId"] for one in self.cases()])

    def action_tab(self, number: str) -> None:
        """The panel with that number."""
        side = self.query_one(Side)
        if number.isdigit() and 1 <= int(number) <= len(side.panels):
            self._to_side(int(number))

    def action_next_tab(self) -> None:
        """The next panel."""
        self._to_side(self.query_one(Side).chosen + 1)

    def action_previous_tab(self) -> None:
        """The panel before."""
        self._to_side(self.query_one(Side).chosen - 1 or len(TITLES))

    def action_section_right(self) -> None:
        """To the panels."""
        self._to_side(self.query_one(Side).chosen or 1)

    def action_section_left(self) -> None:
        """To the story."""
        self.timeline.focus()

    def _to_side(self, number: int) -> None:
        side = self.query_one(Side)
        side.choose(number)
        side.focus()

    def action_customer_plan(self, text: str = "") -> None:
        """Plan something for them."""
        name = (self.who.name or self.who.user_id) if self.who is not None else "the customer"
        plan(self.console, self.customer_id, name, text)

    def action_customer_offer(self) -> None:
        """What the customer may be offered, the best first."""
        self.paid.offer()

    def action_customer_playbook(self, name: str = "") -> None:
        """Start a playbook for the customer."""
        if self.who is not None:
            choose(self.console, name, {self.who.id: self.who.name or self.who.user_id})

    def action_customer_subscription(self, kind: str = "") -> None:
        """What may be done to their subscription, or the kind of change that was named."""
        self.paid.change(kind)


def _line(row: Mapping[str, Any]) -> Cell:
    sign, role = wording.STATUS_SIGNS.get(row["status"], ("?", "muted"))
    return [(f"{sign} ", role), (f"{row['ref']} ", "bold"), (row["summary"], "")]
