"""The agent's view of a case, what they do to it, the next one; and approvals."""

from typing import Any

from backend.agent import schemas as s
from backend.client.noun import Noun
from backend.core.wire import Page
from backend.identity import schemas as identity
from backend.incidences import schemas as incidences


class Agent(Noun):
    async def dashboard(self, id: str) -> s.Dashboard:
        return await self.transport.call("GET", "/agent/dashboard/{incidence_id}", s.Dashboard, incidence_id=id)

    async def note(self, id: str, body: incidences.NoteAdd, *, idempotency_key: str | None = None) -> incidences.Posted:
        path = "/agent/notes/{incidence_id}"
        return await self.transport.call(
            "POST", path, incidences.Posted, body, incidence_id=id, idempotency_key=idempotency_key
        )

    async def next(self, *, force: bool = False) -> s.Next:
        return await self.transport.call("POST", "/agent/next", s.Next, s.NextAsk(force=force))

    async def floor(self) -> s.Floor:
        return await self.transport.call("GET", "/agent/floor", s.Floor)

    async def set_capacity(self, id: str, capacity: int | None) -> identity.MemberRead:
        body = identity.CapacityChange(capacity=capacity)
        path = "/agent/floor/{member_id}"
        return await self.transport.call("PATCH", path, identity.MemberRead, body, member_id=id)

    async def say_availability(self, body: identity.AvailabilitySay) -> identity.MemberRead:
        return await self.transport.call("PUT", "/agent/availability", identity.MemberRead, body)

    async def act(self, id: str, body: s.ActionAsk, *, idempotency_key: str | None = None) -> s.ActionAnswer:
        """ApiError 403 ACTION_BLOCKED or APPROVAL_REQUIRED, with details, when the rules do not allow it."""
        path = "/agent/actions/{incidence_id}"
        return await self.transport.call(
            "POST", path, s.ActionAnswer, body, incidence_id=id, idempotency_key=idempotency_key
        )


class Approvals(Noun):
    async def list(self, **query: Any) -> Page[s.ApprovalRead]:
        """`status, limit, cursor`."""
        return await self.transport.call("GET", "/approvals", Page[s.ApprovalRead], **query)

    async def approve(self, id: str, body: s.ApprovalDecision) -> s.ApprovalRead:
        return await self.transport.call(
            "POST", "/approvals/{approval_id}/approve", s.ApprovalRead, body, approval_id=id
        )

    async def deny(self, id: str, body: s.ApprovalDecision) -> s.ApprovalRead:
        return await self.transport.call("POST", "/approvals/{approval_id}/deny", s.ApprovalRead, body, approval_id=id)
