"""Cancel flows, and the runs of customers through them."""

from typing import Any

from backend.client.noun import Noun
from backend.core.wire import Page
from backend.retention import flow_schemas as f


class Flows(Noun):
    async def list(self, **query: Any) -> Page[f.FlowRead]:
        """`status`."""
        return await self.transport.call("GET", "/api/flows", Page[f.FlowRead], **query)

    async def make(self, body: f.FlowMake) -> f.FlowRead:
        return await self.transport.call("POST", "/api/flows", f.FlowRead, body)

    async def show(self, id: str) -> f.FlowShown:
        """By id or name."""
        return await self.transport.call("GET", "/api/flows/{flow_id}", f.FlowShown, flow_id=id)

    async def change(self, id: str, body: f.FlowChange) -> f.FlowRead:
        return await self.transport.call("PATCH", "/api/flows/{flow_id}", f.FlowRead, body, flow_id=id)

    async def activate(self, id: str, body: f.FlowActivate) -> f.FlowRead:
        return await self.transport.call("POST", "/api/flows/{flow_id}/activate", f.FlowRead, body, flow_id=id)

    async def versions(self, id: str) -> Page[f.FlowVersionRead]:
        path = "/api/flows/{flow_id}/versions"
        return await self.transport.call("GET", path, Page[f.FlowVersionRead], flow_id=id)

    async def diff(self, id: str, before: int, after: int) -> f.FlowDiff:
        path = "/api/flows/{flow_id}/diff"
        return await self.transport.call("GET", path, f.FlowDiff, flow_id=id, before=before, after=after)
