"""Cases for tests."""

from typing import Any

from backend.client import Client
from backend.incidences.schemas import IncidenceOpen, IncidenceRead


async def open_case(client: Client, user: str = "u-1", **fields: Any) -> IncidenceRead:
    """A case that a customer opened in the app, worth 12,000 unless told otherwise."""
    body = {"stage": "PRE_ORDER", "channel": "IN_APP_CHAT", "trigger": "USER_INITIATED", "orderValue": 12_000, **fields}
    return await client.incidences.open(IncidenceOpen.model_validate({"userId": user, **body}))
