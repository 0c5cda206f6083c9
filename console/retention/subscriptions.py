"""The subscriptions that the board shows, and how the Stripe account stands that they are read from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual.timer import Timer

from backend.core.clock import instant
from console.billing import words as paying
from console.desk import ages, wording
from console.retention.preview import Shown
from console.store import Update
from widgets.paint import Cell, Span
from widgets.queue_columns import Column

if TYPE_CHECKING:
    from backend.billing.schemas import AccountRead, SubscriptionRead
    from console.frame.screen import FrameScreen

PAGE = 100
SETTLES = 0.5
"""Seconds after something happened until they are read again."""
NEWEST = "newest"


class Subscriptions:
    """Belongs to one screen; `changed` is told when they are other. `status`, `sort` and `text` say which, in what order."""

    def __init__(self, screen: FrameScreen, changed: Callable[[], None]) -> None:
        self.screen, self.console, self._changed = screen, screen.console, changed
        self.rows: dict[str, SubscriptionRead] = {}
        self.account: AccountRead | None = None
        self.is_loaded = False
        self.trouble = ""
        self.status, self.sort, self.text = "", "-mrr", ""
        self._next: str | None = None
        self._timer: Timer | None = None

    @property
    def may_sync(self) -> bool:
        """Whether one may see the account."""
        return self.console.role in ("admin", "owner")

    def read(self) -> None:
        """Read the first page, and the account for those who may."""
        api, query, session = self.console.api, self._query(), self.console.session

        async def both() -> tuple[Any, Any]:
            page = await api.subscriptions.list(**query, limit=PAGE)
            may = self.may_sync and session is not None
            return page, await api.stripe.show(session.me.business.id) if may and session is not None else None

        def done(answer: tuple[Any, Any]) -> None:
            page, self.account = answer
            self.rows, self._next = {one.id: one for one in page.items}, page.next_cursor
            self.is_loaded, self.trouble = True, ""
            self._tell()

        def failed(error: Exception) -> None:
            self.trouble = str(error)
            self._tell()

        self.console.calls.start(
            "read the subscriptions", both, done=done, failed=failed, group="subscriptions", exclusive=True
        )

    def read_more(self) -> None:
        """The page after those that are here."""
        if self._next is None:
            return
        api, query, cursor, self._next = self.console.api, self._query(), self._next, None

        def done(page: Any) -> None:
            self.rows |= {one.id: one for one in page.items}
            self._next = page.next_cursor
            self._tell()

        ask = lambda: api.subscriptions.list(**query, limit=PAGE, cursor=cursor)  # noqa: E731
        self.console.calls.start("read more subscriptions", ask, done=done, group="more-subscriptions", exclusive=True)

    def happened(self, update: Update) -> None:
        """Something happened to one: it is read again, with the others, when it has settled."""
        if self.is_loaded:
            self.read_soon()

    def read_soon(self) -> None:
        """Once, for however many happenings or letters in a row."""
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.screen.set_timer(SETTLES, self._read_now)

    def _read_now(self) -> None:
        self._timer = None
        self.read()

    def sync(self) -> None:
        """Have Stripe read now."""
        session, api = self.console.session, self.console.api
        assert session is not None, "asked while signed in"
        from backend.billing.schemas import SyncAsked

        def done(_: Any) -> None:
            self.console.say("Stripe is being read; what changed appears here by itself.")
            self.read_soon()

        self.console.calls.start("read Stripe", lambda: api.stripe.sync(session.me.business.id, SyncAsked()), done=done)

    def _query(self) -> dict[str, Any]:
        return {"status": self.status or None, "sort": self.sort, "q": self.text.strip() or None}

    def _tell(self) -> None:
        if self.screen.is_attached:
            self._changed()

    def about(self, now: datetime) -> str:
        """A line: how the account stands, and which subscriptions these are."""
        which = f" · only {self.status.replace('_', ' ')}" if self.status else ""
        order = {"-mrr": "most a month first", "mrr": "least a month first", "renewal": "next renewal first"}
        order |= {"-renewal": "last renewal first", NEWEST: "newest first"}
        shown = f"{len(self.rows)}{'+' if self._next else ''} shown{which}, {order[self.sort]}"
        return f"{self._stripe(now)} · {shown}" if self.may_sync else shown

    def _stripe(self, now: datetime) -> str:
        account = self.account
        if account is None:
            return "Stripe …"
        if not account.is_connected:
            return "✗ no Stripe account is connected"
        mode = "" if account.is_live is None else " live" if account.is_live else " test"
        until = account.events_read_until
        read = f"read {ages.since(instant(until), now)} ago" if until else "nothing read yet"
        if account.error:
            when = f" {ages.since(instant(account.failed_at), now)} ago" if account.failed_at else ""
            return f"✗ Stripe{mode}: {account.error}{when} · {read}"
        relist = f" · reading all {account.relist.what}: {account.relist.done}" if account.relist else ""
        waits = f" · {account.unprocessed} webhooks not understood yet" if account.unprocessed else ""
        return f"● Stripe{mode} connected · {read}{relist}{waits}"


def columns(now: Callable[[], datetime]) -> list[Column]:
    """The columns, the most needed with the lowest priority."""

    def name(one: SubscriptionRead) -> Cell:
        return [(one.customer.name or one.customer.external_id, "customer")]

    def plan(one: SubscriptionRead) -> Cell:
        return [
            (one.plan.name if one.plan else "several plans", ""),
            (f" ×{one.quantity}" if one.quantity > 1 else "", "muted"),
        ]

    def mrr(one: SubscriptionRead) -> Cell:
        return [(wording.money(one.mrr, one.currency), "money")]

    def next_date(one: SubscriptionRead) -> Cell:
        kind = paying.NEXT_DATE[paying.next_kind(one)].lower()
        told = paying.next_date(one, now())
        return [(f"{kind} ", "muted"), *([] if isinstance(told, str | Text) else told)]

    def troubles(one: SubscriptionRead) -> Cell:
        return [(", ".join(paying.troubles(one)), "danger")]

    def fresh(one: SubscriptionRead) -> Cell:
        if one.freshness == "CURRENT":  # all but few: the age alone says it, and the preview says the rest
            return [(f"{ages.since(instant(one.read_at), now())} ago", "muted")]
        return [(paying.freshness(one, now()), "warning")]

    return [
        Column("customer", "Customer", least=16, weight=2, priority=0, render=lambda _, one: name(one)),
        Column("plan", "Plan", least=16, weight=3, priority=1, render=lambda _, one: plan(one)),
        Column("status", "State", 18, priority=0, render=lambda _, one: paying.state(one, now())),
        Column("mrr", "A month", 10, priority=0, align="right", render=lambda _, one: mrr(one)),
        Column("next", "Next", 23, priority=2, render=lambda _, one: next_date(one)),
        Column("troubles", "Trouble", least=14, weight=2, priority=4, render=lambda _, one: troubles(one)),
        Column("read_at", "Read", least=8, weight=1, priority=5, render=lambda _, one: fresh(one)),
    ]


def beside(one: SubscriptionRead, now: datetime) -> Shown:
    """A subscription in full."""
    pairs: list[tuple[str, Cell]] = [
        (
            "customer",
            [(one.customer.name or one.customer.external_id, "customer"), (f"  {one.customer.external_id}", "muted")],
        ),
        ("state", paying.state(one, now)),
        ("plan", [(one.plan.name if one.plan else "several plans", ""), (f"  {paying.price(one)}", "money")]),
        ("a month", [(wording.money(one.mrr, one.currency), "money"), (paying.why_nothing(one), "muted")]),
        (paying.NEXT_DATE[paying.next_kind(one)].lower(), paying.next_date(one, now)),
        ("since", paying.day(one.started_at, now)),
    ]
    if one.quantity > 1:
        pairs.append(("quantity", f"{one.quantity:,}"))
    pairs += [("discount", paying.discount(held, one.currency, now)) for held in one.discounts]
    if one.scheduled is not None:
        then = f"{one.scheduled.plan.name}, {paying.price(one.scheduled.plan)} from {paying.day(one.scheduled.at, now)}"
        pairs.append(("then", then))
    if one.cancellation_feedback or one.cancellation_reason:
        pairs.append(("why it ends", (one.cancellation_feedback or one.cancellation_reason or "").replace("_", " ")))
    mode = one.billing_mode.replace("_", " ")
    pairs.append(
        ("at Stripe", [(one.stripe_subscription_id, ""), (f"  {'live' if one.is_live else 'test'}, {mode}", "muted")])
    )
    lines: list[Cell] = [_trouble(why) for why in paying.troubles(one)]
    return Shown(
        f"Subscription of {one.customer.name or one.customer.external_id}", pairs, lines, paying.freshness(one, now)
    )


def _trouble(why: str) -> list[Span]:
    return [("▲ ", "danger"), (f"{why}: no offer should be made", "danger")]
