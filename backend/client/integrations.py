"""Connections to platforms, and what was to be done there."""

from typing import Any

from backend.client.noun import Noun
from backend.core.wire import Page
from backend.integrations import schemas as s


class Integrations(Noun):
    async def list(self) -> Page[s.IntegrationRead]:
        return await self.transport.call("GET", "/api/integrations", Page[s.IntegrationRead])

    async def kinds(self) -> Page[s.KindRead]:
        return await self.transport.call("GET", "/api/integrations/kinds", Page[s.KindRead])

    async def add(self, body: s.IntegrationAdd) -> s.IntegrationMade:
        return await self.transport.call("POST", "/api/integrations", s.IntegrationMade, body)

    async def change(self, id: str, body: s.IntegrationChange) -> s.IntegrationRead:
        path = "/api/integrations/{integration_id}"
        return await self.transport.call("PATCH", path, s.IntegrationRead, body, integration_id=id)

    async def remove(self, id: str) -> None:
        await self.transport.call("DELETE", "/api/integrations/{integration_id}", integration_id=id)

    async def sync(self, id: str) -> s.SyncAccepted:
        path = "/api/integrations/{integration_id}/sync"
        return await self.transport.call("POST", path, s.SyncAccepted, integration_id=id)

    async def test(self, id: str) -> s.Tested:
        return await self.transport.call("POST", "/api/integrations/{integration_id}/test", s.Tested, integration_id=id)

    async def runs(self, id: str, **query: Any) -> Page[s.SyncRunRead]:
        """`limit`."""
        path = "/api/integrations/{integration_id}/runs"
        return await self.transport.call("GET", path, Page[s.SyncRunRead], integration_id=id, **query)

    async def arrivals(self, id: str, **query: Any) -> Page[s.ArrivalRead]:
        """`limit`."""
        path = "/api/integrations/{integration_id}/arrivals"
        return await self.transport.call("GET", path, Page[s.ArrivalRead], integration_id=id, **query)

    async def posts(self, id: str, **query: Any) -> Page[s.PostRead]:
        """`state, cursor, limit`."""
        path = "/api/integrations/{integration_id}/posts"
        return await self.transport.call("GET", path, Page[s.PostRead], integration_id=id, **query)

    async def replay(self, id: str, post_id: str) -> s.PostRead:
        path = "/api/integrations/{integration_id}/posts/{post_id}/replay"
        return await self.transport.call("POST", path, s.PostRead, integration_id=id, post_id=post_id)

    async def replay_all(self, id: str, body: s.ReplayAsked) -> s.Replayed:
        path = "/api/integrations/{integration_id}/replay"
        return await self.transport.call("POST", path, s.Replayed, body, integration_id=id)


class Outgoing(Noun):
    async def list(self, **query: Any) -> Page[s.OutgoingRead]:
        """`incidence, state, limit`."""
        return await self.transport.call("GET", "/api/outgoing", Page[s.OutgoingRead], **query)

    async def retry(self, id: str) -> s.OutgoingRead:
        return await self.transport.call("POST", "/api/outgoing/{call_id}/retry", s.OutgoingRead, call_id=id)
