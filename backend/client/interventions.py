"""Interventions."""

from typing import Any

from backend.client.noun import Noun
from backend.interventions import schemas as s


class Interventions(Noun):
    async def list(self, **query: Any) -> s.InterventionPage:
        """`status, assignee, customer, overdue, sort, limit, cursor`."""
        return await self.transport.call("GET", "/api/interventions", s.InterventionPage, **query)

    async def show(self, id: str) -> s.InterventionRead:
        path = "/api/interventions/{intervention_id}"
        return await self.transport.call("GET", path, s.InterventionRead, intervention_id=id)

    async def effect(self, horizon: int = 30) -> s.Effects:
        """Whether they helped, 30 or 90 days after they began."""
        return await self.transport.call("GET", "/api/interventions/effect", s.Effects, horizon=horizon)

    async def create(self, body: s.InterventionCreate) -> s.InterventionRead:
        return await self.transport.call("POST", "/api/interventions", s.InterventionRead, body)

    async def change(self, id: str, body: s.InterventionChange) -> s.InterventionRead:
        path = "/api/interventions/{intervention_id}"
        return await self.transport.call("PATCH", path, s.InterventionRead, body, intervention_id=id)
