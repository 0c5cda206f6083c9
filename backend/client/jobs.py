"""Jobs and dead letters."""

from typing import Any

from backend.client.noun import Noun
from backend.core.wire import Page
from backend.jobs import schemas as s


class Jobs(Noun):
    async def list(self, **query: Any) -> dict[str, Any]:
        return dict(await self.transport.call("GET", "/api/jobs", **query))

    async def schedules(self) -> Page[s.ScheduleRead]:
        return await self.transport.call("GET", "/api/jobs/schedules", Page[s.ScheduleRead])

    async def retry(self, id: str) -> dict[str, Any]:
        return dict(await self.transport.call("POST", "/api/jobs/{job_id}/retry", job_id=id))

    async def cancel(self, id: str) -> dict[str, Any]:
        return dict(await self.transport.call("POST", "/api/jobs/{job_id}/cancel", job_id=id))

    async def dead_letters(self, **query: Any) -> dict[str, Any]:
        return dict(await self.transport.call("GET", "/api/dead-letters", **query))

    async def replay(self, id: str) -> dict[str, Any]:
        return dict(await self.transport.call("POST", "/api/dead-letters/{dead_letter_id}/replay", dead_letter_id=id))
