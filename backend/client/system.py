"""Health and audit."""

from typing import Any

from backend.client.noun import Noun
from backend.monitoring.schemas import Monitored


class System(Noun):
    async def health(self) -> dict[str, Any]:
        return dict(await self.transport.call("GET", "/health"))

    async def ready(self) -> dict[str, Any]:
        return dict(await self.transport.call("GET", "/ready"))

    async def metrics(self) -> str:
        return (await self.transport.raw("GET", "/metrics")).text

    async def monitoring(self) -> Monitored:
        """How every part does."""
        return await self.transport.call("GET", "/api/monitoring", Monitored)

    async def track_script(self) -> str:
        """What a page loads to tell signals."""
        return (await self.transport.raw("GET", "/track.js")).text

    async def dialog_script(self) -> str:
        """What a page loads to let customers cancel, or stay."""
        return (await self.transport.raw("GET", "/retention.js")).text


class Audit(Noun):
    async def list(self, **query: Any) -> dict[str, Any]:
        """`subject, actor, type, limit, cursor`; newest first."""
        return dict(await self.transport.call("GET", "/api/audit", **query))

    async def verify(self) -> dict[str, Any]:
        """Whether the business's chain is whole: `{isWhole, events, firstBroken?, reason?}`."""
        return dict(await self.transport.call("GET", "/api/audit/verify"))
