"""The offers that a customer may have, in their order, with why; and those that limits forbid."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from console.billing.panel import pairs
from console.desk import wording
from widgets.paint import Cell
from widgets.panel import Panel
from widgets.plain import plain
from widgets.prompt import Option, OptionLines

if TYPE_CHECKING:
    from backend.billing.schemas import SubscriptionRead
    from backend.retention.schemas import OffersRead, RankedOffer

_ABOUT = ("Plan", "State", "A month", "Discount", "Trouble")
"""What is said of the subscription above the offers."""


class OffersScreen(ModalScreen["RankedOffer | None"]):
    """Choose an offer; answers it, or None for escape. What is refused is dimmed, tells the limit, and cannot be made."""

    CSS_PATH = "offers.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "give_up", "Back", id="offers.back"),
        Binding("down,j,ctrl+n", "step(1)", "Next", show=False, id="offers.next"),
        Binding("up,k,ctrl+p", "step(-1)", "Previous", show=False, id="offers.previous"),
        Binding("enter", "take", "Offer", id="offers.take"),
    ]

    def __init__(self, found: OffersRead, one: SubscriptionRead, now: datetime) -> None:
        super().__init__()
        self._found, self._one, self._now = found, one, now
        self._ranked = {_key(offer): offer for offer in found.offers}
        self._lines = OptionLines(list(self._options()))

    def _options(self) -> Iterator[Option]:
        for offer in self._found.offers:
            yield Option(_key(offer), f"{offer.place}. {offer.words}", self._worth(offer))
        for refused in self._found.refused:
            yield Option(_key(refused), f"–  {refused.words}", refusal=refused.why)

    def _worth(self, offer: RankedOffer) -> str:
        """What it is thought to bring, in a few words."""
        if offer.expected_value is None or offer.expected is None:
            return f"{offer.points:g} points by your rules"
        value = wording.money(round(offer.expected_value), self._one.currency)
        left = "" if offer.margin is None else f", margin {offer.margin:.0%}"
        return f"≈ {value} in 90 days ({offer.expected:.0%} of list{left})"

    def compose(self) -> ComposeResult:
        who = self._one.customer.name or self._one.customer.external_id
        with Vertical() as box:
            box.border_title = Content(plain(f"Offers · {who}"))
            box.border_subtitle = Content(plain("enter offers it · esc leaves it"))
            yield Panel(id="about")
            yield self._lines
            yield Panel(id="why")

    def on_mount(self) -> None:
        """Show the subscription, and why the first is first."""
        about = [pair for pair in pairs(self._one, self._now) if pair[0] in _ABOUT]
        self.query_one("#about", Panel).show(about)
        self._explain()

    def _explain(self) -> None:
        self.query_one("#why", Panel).show((), self._words(), title="Why")

    def _words(self) -> list[Cell]:
        option = self._lines.current
        if option is None:
            return [[(self._found.why or "There is nothing to offer.", "warning")]]
        offer = self._ranked.get(option.key)
        if offer is None:
            return [[("Not to be offered: ", "danger"), (option.refusal, "")]]
        lines: list[Cell] = [[("· ", "muted"), (said, "")] for said in offer.why]
        if offer.propensity is not None and offer.propensity < 1:
            lines.append([(f"{offer.propensity:.0%} likely to come first", "muted")])
        if self._found.group == "HOLDOUT":
            lines.append([("This customer is in the holdout: an offer of yours is not counted as saved.", "warning")])
        flow = f"flow {self._found.flow_name}" if self._found.flow_name else "no flow fits"
        lines.append([(f"{flow}; limits are those of the flow rules", "muted")])
        return lines

    def action_step(self, by: int) -> None:
        """Move among the offers."""
        self._lines.step(by)
        self._explain()

    def action_take(self) -> None:
        """Answer the offer under the cursor."""
        option = self._lines.current
        offer = self._ranked.get(option.key) if option is not None else None
        if offer is None:
            self.app.bell()
        else:
            self.dismiss(offer)

    def action_give_up(self) -> None:
        """Leave it."""
        self.dismiss(None)


def _key(offer: object) -> str:
    return f"{getattr(offer, 'step_id', '')} {getattr(offer, 'offer', '')}"
