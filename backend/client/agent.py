"""The agent's view of a case, and the next one."""

from backend.agent import schemas as s
from backend.client.noun import Noun
from backend.incidences import schemas as incidences


class Agent(Noun):
    async def dashboard(self, id: str) -> s.Dashboard:
        return await self.transport.call("GET", "/agent/dashboard/{incidence_id}", s.Dashboard, incidence_id=id)

    async def note(self, id: str, body: incidences.NoteAdd, *, idempotency_key: str | None = None) -> incidences.Posted:
        path = "/agent/notes/{incidence_id}"
        return await self.transport.call(
            "POST", path, incidences.Posted, body, incidence_id=id, idempotency_key=idempotency_key
        )

    async def next(self) -> s.Next:
        return await self.transport.call("POST", "/agent/next", s.Next)
