"""Customers out of a CSV file."""

from typing import Any

from backend.client.noun import Noun
from backend.core.wire import Page
from backend.integrations.importing import schemas as s

SECONDS = 300.0
"""That a file may take to be sent and read."""


class Imports(Noun):
    async def upload(self, content: Any, filename: str) -> s.ImportRead:
        """`content`: the bytes of the file, or an async iterator over them."""
        headers = self.transport.headers | {"content-type": "text/csv"}
        query = {"filename": filename}
        more: dict[str, Any] = {"headers": headers, "params": query, "timeout": SECONDS}
        answer = await self.transport.raw("POST", "/api/imports", content=content, **more)
        return s.ImportRead.model_validate_json(answer.content)

    async def list(self, **query: Any) -> Page[s.ImportRead]:
        """`limit`."""
        return await self.transport.call("GET", "/api/imports", Page[s.ImportRead], **query)

    async def show(self, id: str) -> s.ImportRead:
        return await self.transport.call("GET", "/api/imports/{import_id}", s.ImportRead, import_id=id)

    async def dry_run(self, id: str, body: s.Columns) -> s.Tried:
        return await self.transport.call("POST", "/api/imports/{import_id}/dry-run", s.Tried, body, import_id=id)

    async def start(self, id: str, body: s.Columns) -> s.ImportRead:
        return await self.transport.call("POST", "/api/imports/{import_id}/start", s.ImportRead, body, import_id=id)

    async def cancel(self, id: str) -> s.ImportRead:
        return await self.transport.call("POST", "/api/imports/{import_id}/cancel", s.ImportRead, import_id=id)

    async def refusals(self, id: str) -> bytes:
        """The report of what was refused, as CSV."""
        path = "/api/imports/{import_id}/refusals"
        headers = self.transport.headers
        return (await self.transport.raw("GET", path, ids={"import_id": id}, headers=headers)).content
