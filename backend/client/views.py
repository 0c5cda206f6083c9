"""Saved views: filters of the queue under names, a member's own."""

from backend.client.noun import Noun
from backend.incidences import view_schemas as s


class Views(Noun):
    async def list(self) -> s.Views:
        return await self.transport.call("GET", "/api/views", s.Views)

    async def keep(self, body: s.ViewKeep) -> s.ViewRead:
        """One that is there under the name becomes this."""
        return await self.transport.call("POST", "/api/views", s.ViewRead, body)

    async def drop(self, id: str) -> None:
        await self.transport.call("DELETE", "/api/views/{view_id}", view_id=id)
