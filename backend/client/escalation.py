"""Escalations."""

from typing import Any

from backend.client.noun import Noun
from backend.core.wire import Page
from backend.incidences import schemas as s


class Escalations(Noun):
    async def trigger(self, body: s.EscalationTrigger, *, idempotency_key: str | None = None) -> s.EscalationRead:
        path = "/escalation/trigger"
        return await self.transport.call("POST", path, s.EscalationRead, body, idempotency_key=idempotency_key)

    async def queue(self, **query: Any) -> Page[s.EscalationRead]:
        """`level, limit, cursor`."""
        return await self.transport.call("GET", "/escalation/queue", Page[s.EscalationRead], **query)

    async def acknowledge(self, id: str, note: str | None = None, version: int | None = None) -> s.EscalationRead:
        path = "/escalation/{escalation_id}/acknowledge"
        return await self.transport.call(
            "POST", path, s.EscalationRead, s.EscalationNote(note=note, version=version), escalation_id=id
        )

    async def hand_back(self, id: str, note: str | None = None, version: int | None = None) -> s.EscalationRead:
        path = "/escalation/{escalation_id}/return"
        return await self.transport.call(
            "POST", path, s.EscalationRead, s.EscalationNote(note=note, version=version), escalation_id=id
        )

    async def resolve(self, id: str, note: str | None = None, version: int | None = None) -> s.EscalationRead:
        path = "/escalation/{escalation_id}/resolve"
        return await self.transport.call(
            "POST", path, s.EscalationRead, s.EscalationNote(note=note, version=version), escalation_id=id
        )

    async def rules(self) -> dict[str, Any]:
        return dict(await self.transport.call("GET", "/escalation/rules"))

    async def set_rules(self, body: dict[str, Any]) -> dict[str, Any]:
        return dict(await self.transport.call("PUT", "/escalation/rules", None, body))
