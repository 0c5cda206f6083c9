"""What a customer pays for: read beside what is done for them, kept as it goes on, and changed from there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from console.billing.changing import Changing
from console.billing.offering import Offering
from console.billing.panel import CHANGES, Held, ordered, under_way
from console.frame.beside import Beside
from console.store import Update

if TYPE_CHECKING:
    from backend.billing.schemas import PlanRead
    from backend.client import Client
    from console.frame.screen import FrameScreen

MOST = 20


class Paid(Beside[Held]):
    """For a case when there is one: what is done shows in its story."""

    what = "read the subscription"

    def __init__(
        self, screen: FrameScreen, of: Callable[[], str], changed: Callable[[], None], incidence_id: str | None = None
    ) -> None:
        super().__init__(screen, of, changed)
        self.incidence_id = incidence_id

    async def ask(self, api: Client, customer_id: str) -> Held:
        """The customer's subscriptions, and the last changes of the one that matters."""
        found = ordered((await api.subscriptions.list(customerId=customer_id, limit=MOST)).items)
        if not found:
            return Held()
        return Held(found, (await api.subscriptions.changes(found[0].id, limit=CHANGES)).items)

    def is_about(self, update: Update, customer_id: str) -> bool:
        """Events of subscriptions say whose they are."""
        return (update.frame or {}).get("customerId") in (None, customer_id)

    def change(self, kind: str) -> None:
        """What may be done to it, or the kind of change that was named; on what it is like now."""
        api, id = self.console.api, self.of()

        async def known() -> tuple[Held, Sequence[PlanRead]]:
            return await self.ask(api, id), (await api.subscriptions.plans()).items

        def done(found: tuple[Held, Sequence[PlanRead]]) -> None:
            held, plans = found
            self.show(held)
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
                is_here=self.is_here,
            )
            if not kind:
                changing.choose()
            elif not changing.named(kind):
                key = self.console.key_of("subscription")
                self.console.say(f"There is no change {kind!r}; {key} lists them.", "warning")

        if id:
            self.console.calls.start(self.what, known, done=done, group="change", exclusive=True)

    def offer(self) -> None:
        """What the customer may be offered; on what they pay for now."""
        api, id = self.console.api, self.of()

        def done(held: Held) -> None:
            self.show(held)
            if not self.of():
                return
            if held.main is None:
                self.console.say("This customer pays for nothing at Stripe: there is nothing to offer on.", "warning")
            elif why := under_way(held):
                self.console.say(f"Wait: {why}.", "warning")
            else:
                Offering(
                    self.console, held.main, self.read, incidence_id=self.incidence_id, is_here=self.is_here
                ).choose()

        if id:
            self.console.calls.start(self.what, lambda: self.ask(api, id), done=done, group="change", exclusive=True)
