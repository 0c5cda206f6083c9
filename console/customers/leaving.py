"""How likely a customer is to leave: read beside what is done for them, and kept as it goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.frame.beside import Beside
from console.store import Update

if TYPE_CHECKING:
    from backend.client import Client
    from backend.risk.schemas import PredictionRead, RiskShown

TOPICS = ("risk", "churn")
"""Subjects of the feed that tell of it."""


@dataclass(frozen=True, slots=True)
class Known:
    """The score by the rules, and the prediction; `nothing` says why there is none."""

    risk: RiskShown
    prediction: PredictionRead | None = None
    nothing: str = ""


class Leaving(Beside[Known]):
    """The score and the prediction of a customer."""

    what = "read how likely the customer is to leave"

    async def ask(self, api: Client, customer_id: str) -> Known:
        """The risk as of now and the prediction."""
        from backend.client import ApiError

        risk = await api.customers.risk(customer_id)
        try:
            return Known(risk, await api.churn.predict(customer_id))
        except ApiError as error:
            if error.code != "NOTHING_TO_LEAVE":
                raise
            return Known(risk, nothing="No subscription goes on, so there is nothing to leave.")

    def is_about(self, update: Update, customer_id: str) -> bool:
        """The customer is the subject."""
        return update.id == customer_id
