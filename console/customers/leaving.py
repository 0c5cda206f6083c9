"""How likely a customer is to leave: read beside what is done for them, and kept as it goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.store import Update

if TYPE_CHECKING:
    from textual.timer import Timer

    from backend.client import Client
    from backend.risk.schemas import PredictionRead, RiskShown
    from console.frame.screen import FrameScreen

TOPICS = ("risk", "churn")
"""Subjects of the feed that tell of it."""
SETTLES = 0.5
"""Seconds after something happened until it is read again, so that several happenings are one question."""


@dataclass(frozen=True, slots=True)
class Known:
    """The score by the rules, and the prediction; `nothing` says why there is none."""

    risk: RiskShown
    prediction: PredictionRead | None = None
    nothing: str = ""


class Leaving:
    """Of one customer on a screen. `of` answers whose, "" when nobody is shown any more; `changed` draws it."""

    def __init__(self, screen: FrameScreen, of: Callable[[], str], changed: Callable[[], None]) -> None:
        self.screen, self.console, self.of, self.changed = screen, screen.console, of, changed
        self.known: Known | None = None
        self.trouble = ""
        """Why it could not be read, the last time."""
        self._timer: Timer | None = None

    def read(self) -> None:
        """Read it, and show it."""
        api, id = self.console.api, self.of()
        if id and self.console.is_online:
            self.console.calls.start(
                "read how likely the customer is to leave",
                lambda: read(api, id),
                done=self._show,
                failed=self._failed,
                group="leaving",
                exclusive=True,
            )

    def happened(self, update: Update) -> None:
        """A risk entered another level: if it is this customer's, it is read again."""
        if update.id and update.id == self.of() and self._timer is None:
            self._timer = self.screen.set_timer(SETTLES, self._read_again)

    def _read_again(self) -> None:
        self._timer = None
        self.read()

    def _show(self, known: Known) -> None:
        if self.of() == known.risk.customer_id:
            self.known, self.trouble = known, ""
            self.changed()

    def _failed(self, _error: Exception) -> None:
        if self.of():
            self.trouble = f"It could not be read. {self.console.key_of('retry')} tries again."
            self.changed()


async def read(api: Client, customer_id: str) -> Known:
    """The risk as of now and the prediction. ApiError and Offline as the client's."""
    from backend.client import ApiError

    risk = await api.customers.risk(customer_id)
    try:
        return Known(risk, await api.churn.predict(customer_id))
    except ApiError as error:
        if error.code != "NOTHING_TO_LEAVE":
            raise
        return Known(risk, nothing="No subscription goes on, so there is nothing to leave.")
