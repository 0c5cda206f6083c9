"""Rule sets."""

from typing import Any

from backend.client.noun import Noun


class Rules(Noun):
    async def list(self) -> dict[str, Any]:
        return dict(await self.transport.call("GET", "/api/rules"))

    async def show(self, kind: str) -> dict[str, Any]:
        return dict(await self.transport.call("GET", "/api/rules/{kind}", kind=kind))

    async def versions(self, kind: str) -> dict[str, Any]:
        return dict(await self.transport.call("GET", "/api/rules/{kind}/versions", kind=kind))
