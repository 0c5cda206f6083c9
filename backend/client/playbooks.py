"""Playbooks, and the executions of them."""

from typing import Any

from backend.client.noun import Noun
from backend.core.wire import Page
from backend.playbooks import schemas as s


class Playbooks(Noun):
    async def list(self, **query: Any) -> Page[s.PlaybookListed]:
        """`status`."""
        return await self.transport.call("GET", "/api/playbooks", Page[s.PlaybookListed], **query)

    async def make(self, body: s.PlaybookMake, **more: Any) -> s.PlaybookRead:
        """`idempotency_key`."""
        return await self.transport.call("POST", "/api/playbooks", s.PlaybookRead, body, **more)

    async def show(self, id: str) -> s.PlaybookShown:
        """By id or name."""
        return await self.transport.call("GET", "/api/playbooks/{playbook_id}", s.PlaybookShown, playbook_id=id)

    async def change(self, id: str, body: s.PlaybookChange) -> s.PlaybookRead:
        return await self.transport.call("PATCH", "/api/playbooks/{playbook_id}", s.PlaybookRead, body, playbook_id=id)

    async def candidates(self, id: str, body: s.Candidates) -> s.CandidatesRead:
        """For whom its trigger, or that of a document, would start it now."""
        path = "/api/playbooks/{playbook_id}/candidates"
        return await self.transport.call("POST", path, s.CandidatesRead, body, playbook_id=id)

    async def trigger(self, body: s.TriggerAsk, **more: Any) -> s.Triggered:
        """`idempotency_key`."""
        return await self.transport.call("POST", "/api/v1/playbooks/trigger", s.Triggered, body, **more)


class Executions(Noun):
    async def list(self, **query: Any) -> s.ExecutionPage:
        """`status, open, playbookId, customerId, limit, cursor`."""
        return await self.transport.call("GET", "/api/playbooks/executions", s.ExecutionPage, **query)

    async def show(self, id: str) -> s.ExecutionShown:
        path = "/api/playbooks/executions/{execution_id}"
        return await self.transport.call("GET", path, s.ExecutionShown, execution_id=id)

    async def change_wait(self, id: str, body: s.WaitChange) -> s.ExecutionRead:
        path = "/api/playbooks/executions/{execution_id}"
        return await self.transport.call("PATCH", path, s.ExecutionRead, body, execution_id=id)

    async def pause(self, id: str, body: s.ExecutionAct | None = None) -> s.ExecutionRead:
        path = "/api/playbooks/executions/{execution_id}/pause"
        return await self.transport.call("POST", path, s.ExecutionRead, body, execution_id=id)

    async def resume(self, id: str, body: s.ExecutionAct | None = None) -> s.ExecutionRead:
        path = "/api/playbooks/executions/{execution_id}/resume"
        return await self.transport.call("POST", path, s.ExecutionRead, body, execution_id=id)

    async def cancel(self, id: str, body: s.ExecutionAct | None = None) -> s.ExecutionRead:
        path = "/api/playbooks/executions/{execution_id}/cancel"
        return await self.transport.call("POST", path, s.ExecutionRead, body, execution_id=id)

    async def retry(self, id: str, body: s.ExecutionAct | None = None) -> s.ExecutionRead:
        path = "/api/playbooks/executions/{execution_id}/retry"
        return await self.transport.call("POST", path, s.ExecutionRead, body, execution_id=id)
