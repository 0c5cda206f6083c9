"""What a customer pays for: read beside what is done for them, kept as it goes on, and changed from there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from console.billing.changing import Changing
from console.billing.offering import Offering
from console.billing.panel import CHANGES, Held, ordered, under_way
from console.store import Update

if TYPE_CHECKING:
    from textual.timer import Timer

    from backend.billing.schemas import PlanRead
    from backend.client import Client
    from console.frame.screen import FrameScreen

MOST = 20
SETTLES = 0.5
"""Seconds after something happened until it is read again, so that several happenings are one question."""


class Paid:
    """Of one customer on a screen, for a case when there is one. `of` answers whose, "" when nobody is shown any more;
    `changed` draws it."""

    def __init__(
        self, screen: FrameScreen, of: Callable[[], str], changed: Callable[[], None], incidence_id: str | None = None
    ) -> None:
        self.screen, self.console, self.incidence_id = screen, screen.console, incidence_id
        self.of, self.changed = of, changed
        self.held: Held | None = None
        self.trouble = ""
        """Why it could not be read, the last time."""
        self._timer: Timer | None = None

    def read(self) -> None:
        """Read it, and show it."""
        api, id = self.console.api, self.of()
        if id and self.console.is_online:
            self.console.calls.start(
                "read the subscription",
                lambda: read(api, id),
                done=self._show,
                failed=self._failed,
                group="paid",
                exclusive=True,
            )

    def happened(self, update: Update) -> None:
        """Something happened to a subscription: if it is this customer's, it is read again."""
        about = (update.frame or {}).get("customerId")
        if self.of() and about in (None, self.of()) and self._timer is None:
            self._timer = self.screen.set_timer(SETTLES, self._read_again)

    def _read_again(self) -> None:
        self._timer = None
        self.read()

    def _show(self, held: Held) -> None:
        if self.of():
            self.held, self.trouble = held, ""
            self.changed()

    def _failed(self, _error: Exception) -> None:
        if self.of():
            self.trouble = f"It could not be read. {self.console.key_of('retry')} tries again."
            self.changed()

    def change(self, kind: str) -> None:
        """What may be done to it, or the kind of change that was named; on what it is like now."""
        api, id = self.console.api, self.of()

        async def known() -> tuple[Held, Sequence[PlanRead]]:
            return await read(api, id), (await api.subscriptions.plans()).items

        def done(found: tuple[Held, Sequence[PlanRead]]) -> None:
            held, plans = found
            self._show(held)
            if not self.of():
                return
            if held.main is None:
                self.console.say("This customer pays for nothing at Stripe.", "warning")
                return
            changing = Changing(
                self.console,
                held.main,
                plans,
                lambda _: self.read(),
                incidence_id=self.incidence_id,
                under_way=under_way(held),
            )
            if not kind:
                changing.choose()
            elif not changing.named(kind):
                key = self.console.key_of("subscription")
                self.console.say(f"There is no change {kind!r}; {key} lists them.", "warning")

        if id:
            self.console.calls.start("read the subscription", known, done=done, group="change", exclusive=True)

    def offer(self) -> None:
        """What the customer may be offered; on what they pay for now."""
        api, id = self.console.api, self.of()

        def done(held: Held) -> None:
            self._show(held)
            if not self.of():
                return
            if held.main is None:
                self.console.say("This customer pays for nothing at Stripe: there is nothing to offer on.", "warning")
            elif why := under_way(held):
                self.console.say(f"Wait: {why}.", "warning")
            else:
                Offering(self.console, held.main, self.read, incidence_id=self.incidence_id).choose()

        if id:
            self.console.calls.start(
                "read the subscription", lambda: read(api, id), done=done, group="change", exclusive=True
            )


async def read(api: Client, customer_id: str) -> Held:
    """The customer's subscriptions, and the last changes of the one that matters. ApiError and Offline as the client's."""
    found = ordered((await api.subscriptions.list(customerId=customer_id, limit=MOST)).items)
    if not found:
        return Held()
    return Held(found, (await api.subscriptions.changes(found[0].id, limit=CHANGES)).items)
