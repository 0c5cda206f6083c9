"""Connections to platforms, and what was to be done there."""

from typing import Any

from backend.client.noun import Noun
from backend.core.wire import Page
from backend.integrations import schemas as s


class Integrations(Noun):
    async def list(self) -> Page[s.IntegrationRead]:
        return await self.transport.call("GET", "/api/integrations", Page[s.IntegrationRead])

    async def add(self, body: s.IntegrationAdd) -> s.IntegrationRead:
        return await self.transport.call("POST", "/api/integrations", s.IntegrationRead, body)

    async def change(self, id: str, body: s.IntegrationChange) -> s.IntegrationRead:
        path = "/api/integrations/{integration_id}"
        return await self.transport.call("PATCH", path, s.IntegrationRead, body, integration_id=id)

    async def remove(self, id: str) -> None:
        await self.transport.call("DELETE", "/api/integrations/{integration_id}", integration_id=id)

    async def sync(self, id: str) -> s.SyncAccepted:
        path = "/api/integrations/{integration_id}/sync"
        return await self.transport.call("POST", path, s.SyncAccepted, integration_id=id)


class Outgoing(Noun):
    async def list(self, **query: Any) -> Page[s.OutgoingRead]:
        """`incidence, state, limit`."""
        return await self.transport.call("GET", "/api/outgoing", Page[s.OutgoingRead], **query)

    async def retry(self, id: str) -> s.OutgoingRead:
        return await self.transport.call("POST", "/api/outgoing/{call_id}/retry", s.OutgoingRead, call_id=id)
