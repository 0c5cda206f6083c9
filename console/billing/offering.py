"""Making an offer to a customer: the best first and why, the exact amounts, their answer, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from console.billing.changing import target_of
from console.billing.offers_screen import OffersScreen
from widgets.paint import Cell
from widgets.prompt import Choice, Confirm, Option

if TYPE_CHECKING:
    from backend.billing.change_schemas import PreviewRead
    from backend.billing.schemas import SubscriptionRead
    from backend.retention.schemas import Decided, OffersRead, RankedOffer
    from console.app import ConsoleApp

ACCEPTED, DECLINED = "accepted", "declined"


class Offering:
    """Offers on one subscription, as it stands on the screen. `done` is called when an answer was noted; nothing is asked
    once `is_here` says that another customer is shown."""

    def __init__(
        self,
        console: ConsoleApp,
        one: SubscriptionRead,
        done: Any,
        *,
        is_here: Callable[[], bool],
        incidence_id: str | None = None,
    ) -> None:
        self.console, self.one, self.done = console, one, done
        self.is_here, self.incidence_id = is_here, incidence_id

    @property
    def whose(self) -> str:
        """The customer's name, or the id they are known by."""
        return self.one.customer.name or self.one.customer.external_id

    def choose(self) -> None:
        """Read what the customer may have, and let one choose."""
        api, id = self.console.api, self.one.id

        def chosen(offer: RankedOffer | None) -> None:
            if offer is not None:
                self.preview(offer)

        def done(found: OffersRead) -> None:
            if self.is_here():
                self.console.push_screen(OffersScreen(found, self.one, self.console.now()), chosen)

        what = f"read the offers for {self.whose}"
        self.console.calls.start(what, lambda: api.retention.offers(id), done=done, group="offers", exclusive=True)

    def preview(self, offer: RankedOffer) -> None:
        """What it comes to, from Stripe."""
        from backend.billing.change_schemas import PreviewAsk

        api, id = self.console.api, self.one.id
        ask = PreviewAsk(kind=offer.offer_type, params=change_params(offer))
        self.console.calls.start(
            f"preview: {offer.words}",
            lambda: api.subscriptions.preview(id, ask),
            done=lambda shown: self._answered(offer, shown),
            group="preview",
            exclusive=True,
        )

    def _answered(self, offer: RankedOffer, shown: PreviewRead) -> None:
        """What the customer says to it."""
        if not self.is_here():
            return

        def chosen(answer: str | None) -> None:
            if answer == ACCEPTED:
                self._agree(offer, shown)
            elif answer == DECLINED:
                self._do(offer, is_accepted=False)

        options = [
            Option(ACCEPTED, "Accepts it", "asked once more, with the amounts; then it is carried out"),
            Option(DECLINED, "Declines it", "noted, so that nobody offers it again too soon"),
        ]
        title = f"{self.whose} · {offer.words}"
        hint = "what does the customer say? esc: it was not offered"
        self.console.push_screen(Choice(title, options, hint=hint, is_wide=True), chosen)

    def _agree(self, offer: RankedOffer, shown: PreviewRead) -> None:
        def answered(is_yes: bool | None) -> None:
            if is_yes:
                self._do(offer, is_accepted=True)

        lines: list[Cell] = [[(said, "")] for said in shown.words]
        lines.append(
            [("exact, by Stripe's own preview" if shown.is_exact else "reckoned from the next invoice", "muted")]
        )
        target = target_of(self.one, shown, self.console.now())
        self.console.push_screen(Confirm(f"{offer.words}?", target, lines=lines, yes="Carry it out"), answered)

    def _do(self, offer: RankedOffer, *, is_accepted: bool) -> None:
        api, key = self.console.api, str(uuid4())

        async def call() -> Decided:
            from backend.retention.schemas import DecisionAsked, OfferAsk

            ask = OfferAsk(
                subscription_id=self.one.id,
                offer_type=offer.offer_type,
                step_id=offer.step_id,
                incidence_id=self.incidence_id,
            )
            started = await api.retention.offer(ask, idempotency_key=f"{key}:offer")
            step = started.step.number if started.step is not None else None
            decision = DecisionAsked(offer_type=offer.offer_type, accepted=is_accepted, step=step)
            return await api.retention.decide(started.run_id, decision, idempotency_key=f"{key}:decision")

        def done(answer: Decided) -> None:
            self._tell(offer, answer, is_accepted=is_accepted)
            self.done()

        self.console.calls.start(f"offer {self.whose}: {offer.words}", call, done=done)

    def _tell(self, offer: RankedOffer, answer: Decided, *, is_accepted: bool) -> None:
        if not is_accepted:
            self.console.say(f"{self.whose} declined: {offer.words}. It is noted.")
        elif answer.outcome == "SAVED":
            self.console.say(f"{self.whose}: {offer.words}. Done, and read back from Stripe.")
        elif answer.pending:
            self.console.say(f"{self.whose}: {offer.words} is under way; you will be told.")
        else:
            self.console.say(f"{self.whose}: not done ({offer.words}). {answer.message}", "error")


def change_params(offer: RankedOffer) -> dict[str, Any]:
    """An offer's parameters as those of the change that carries it out."""
    if offer.offer_type == "DOWNGRADE":
        return {"planId": offer.params["planId"], "when": "period_end"}
    return dict(offer.params)
