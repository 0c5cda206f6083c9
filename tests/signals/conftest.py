"""What the tests of signals share: a shop whose customers' app speaks with an API key."""

from dataclasses import dataclass
from typing import Any

import pytest_asyncio
from sqlalchemy import func, select

from backend.client import Client
from backend.signals.models import Signal
from backend.signals.schemas import SignalAnswer, SignalPost
from tests.support.backend import Backend, business_of


@dataclass
class Shop:
    """A business: its owner, its app, and a look into what is stored."""

    backend: Backend
    owner: Client
    app: Client

    async def post(self, user: str, type: str, times: int = 1, **fields: Any) -> SignalAnswer:
        """The answer to the last of `times` equal signals."""
        answer = None
        for _ in range(times):
            answer = await self.app.context.signal(user, SignalPost(signal_type=type, **fields))
        assert answer is not None
        return answer

    async def stored(self, **where: Any) -> int:
        """How many signals of the business are stored."""
        business = await business_of(self.owner)
        query = select(func.count()).select_from(Signal).where(Signal.business_id == business)
        for name, value in where.items():
            query = query.where(getattr(Signal, name) == value)
        return await self.backend.runtime.database.read(lambda session: session.scalar(query) or 0)

    async def events(self, user: str, type: str) -> list[dict[str, Any]]:
        """The data of a customer's events of one type, oldest first."""
        page = await self.owner.customers.timeline(user, limit=200)
        return [entry.data or {} for entry in reversed(page.items) if entry.type == type]


@pytest_asyncio.fixture
async def shop(backend: Backend) -> Shop:
    return Shop(backend, await backend.owner(), await backend.key())
