"""A Freshchat account whose key the backend trusts, and a way to post its webhooks."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import select

from backend.core.rows import Base
from backend.demo.outside.freshchat import FreshchatDouble, Webhook
from backend.events.models import EventBody, EventRow
from backend.incidences.models import Conversation, Incidence
from backend.integrations import service
from backend.integrations.models import WebhookDelivery
from tests.support.backend import BASE, Backend

PATH = "/webhooks/freshchat"


@pytest.fixture(scope="session")
def freshchat() -> FreshchatDouble:
    return FreshchatDouble()


class Chat:
    """The backend as Freshchat and its agents see it."""

    def __init__(self, backend: Backend, freshchat: FreshchatDouble) -> None:
        self.backend, self.freshchat = backend, freshchat
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(backend.app), base_url=BASE)

    def at(self, minutes: float) -> datetime:
        """So many minutes before (negative) or after the backend's present."""
        return self.backend.clock.now() + timedelta(minutes=minutes)

    async def post(self, webhook: Webhook, path: str = PATH, **headers: str) -> httpx.Response:
        """The answer to a webhook, whatever it is."""
        return await self.http.post(path, content=webhook[0], headers=webhook[1] | headers)

    async def tell(self, *webhooks: Webhook, path: str = PATH) -> None:
        """Post them one by one, each taken (now or before), and let the jobs work after each."""
        for webhook in webhooks:
            response = await self.post(webhook, path)
            assert response.status_code == 200, response.text
            await self.backend.drain()

    async def tell_without_worker(self, webhook: Webhook, path: str = PATH) -> bool:
        """Post it and do what jobs would do, newest delivery first; whether it was taken."""
        response = await self.post(webhook, path)
        assert response.status_code == 200, response.text
        units = await self.backend.units()
        for delivery in sorted(await self.rows(WebhookDelivery), key=lambda row: row.id, reverse=True):
            if delivery.processed_at is None:
                await units.write(service.process, delivery.id)
        return bool(response.json()["accepted"])

    async def rows(self, model: type[Base]) -> list[Any]:
        """All rows of a table."""
        return await self.backend.runtime.database.read(lambda session: list(session.scalars(select(model))))

    async def incidence(self, conversation_id: str) -> Incidence | None:
        """The incidence that a conversation is tied to."""
        query = (
            select(Incidence)
            .join(Conversation, Conversation.incidence_id == Incidence.id)
            .where(Conversation.conversation_id == conversation_id)
        )
        return await self.backend.runtime.database.read(lambda session: session.scalars(query).first())

    async def told(self, incidence_id: str) -> list[tuple[str, str]]:
        """(type, text) of the messages of an incidence, in the order in which they were written."""
        query = (
            select(EventRow.type, EventBody.body)
            .join(EventBody, (EventBody.business_id == EventRow.business_id) & (EventBody.seq == EventRow.seq))
            .where(EventRow.incidence_id == incidence_id, EventRow.type.like("incidence.message%"))
            .order_by(EventRow.occurred_at, EventRow.seq)
        )
        rows = await self.backend.runtime.database.read(lambda session: session.execute(query).all())
        return [(type.removeprefix("incidence."), body["data"]["text"]) for type, body in rows]


@pytest_asyncio.fixture
async def chat(backend: Backend, freshchat: FreshchatDouble) -> Any:
    """See `Chat`. The owner's business is the first, so the settings' key is its."""
    await backend.owner()
    backend.settings.freshchat_public_key = freshchat.public_key
    chat = Chat(backend, freshchat)
    yield chat
    await chat.http.aclose()
