"""What is planned for a customer, and their visits: read beside what is done for them, and kept as it goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.frame.beside import Beside
from console.store import Update
from console.twin import told

if TYPE_CHECKING:
    from backend.client import Client

MOST = 20


@dataclass(frozen=True, slots=True)
class Around:
    """Interventions, the newest first; visits, the latest first, and whether there are more."""

    interventions: Sequence[Mapping[str, Any]]
    visits: Sequence[Mapping[str, Any]]
    has_more: bool


class Life(Beside[Around]):
    """Both of a customer."""

    what = "read what is planned, and the visits"

    async def ask(self, api: Client, customer_id: str) -> Around:
        """The newest of both."""
        planned = told(await api.interventions.list(customer=customer_id, sort="created", limit=MOST))
        visits = told(await api.customers.sessions(customer_id, limit=MOST))
        return Around(planned["items"], visits["items"], visits["nextCursor"] is not None)

    def is_about(self, update: Update, customer_id: str) -> bool:
        """Events of interventions say whose they are."""
        return (update.frame or {}).get("customerId") in (None, customer_id)
