"""Verbs on many incidences at once."""

from typing import Any

from backend.client.noun import Noun
from backend.core.wire import Page
from backend.incidences import bulk_schemas as s


class Bulks(Noun):
    async def start(self, body: s.BulkStart, *, idempotency_key: str | None = None) -> s.BulkRead:
        """Do it; the first cases at once, the others in the background."""
        body = body.model_copy(update={"dry_run": False})
        return await self.transport.call("POST", "/incidences/bulk", s.BulkRead, body, idempotency_key=idempotency_key)

    async def preview(self, body: s.BulkStart) -> s.BulkPreview:
        """What it would come to; nothing is done."""
        body = body.model_copy(update={"dry_run": True})
        return await self.transport.call("POST", "/incidences/bulk", s.BulkPreview, body)

    async def show(self, id: str, **query: Any) -> s.BulkDetail:
        """`state, limit, cursor` choose the rows."""
        return await self.transport.call("GET", "/incidences/bulk/{bulk_id}", s.BulkDetail, bulk_id=id, **query)

    async def list(self) -> Page[s.BulkRead]:
        """The newest fifty."""
        return await self.transport.call("GET", "/incidences/bulk", Page[s.BulkRead])

    async def undo(self, id: str) -> s.BulkRead:
        return await self.transport.call("POST", "/incidences/bulk/{bulk_id}/undo", s.BulkRead, bulk_id=id)
