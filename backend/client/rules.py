"""Rule sets."""

from typing import Any

from backend.client.noun import Noun
from backend.rules.schemas import Draft, Publish, Rollback


class Rules(Noun):
    async def list(self) -> dict[str, Any]:
        return dict(await self.transport.call("GET", "/api/rules"))

    async def show(self, kind: str) -> dict[str, Any]:
        return dict(await self.transport.call("GET", "/api/rules/{kind}", kind=kind))

    async def versions(self, kind: str) -> dict[str, Any]:
        return dict(await self.transport.call("GET", "/api/rules/{kind}/versions", kind=kind))

    async def dry_run(self, kind: str, body: dict[str, Any] | Draft) -> dict[str, Any]:
        """What the draft (settings, rules, days, limit; all optional) would have changed."""
        return dict(await self.transport.call("POST", "/api/rules/{kind}/dry-run", None, body, kind=kind))

    async def publish(self, kind: str, body: dict[str, Any] | Publish) -> dict[str, Any]:
        """`version` as seen, settings and rules if they change, `reason`."""
        return dict(await self.transport.call("POST", "/api/rules/{kind}/publish", None, body, kind=kind))

    async def rollback(self, kind: str, version: int, to: int, reason: str) -> dict[str, Any]:
        """Put version `to` in force again; `version` is the one in force as seen."""
        body = Rollback(version=version, to=to, reason=reason)
        return dict(await self.transport.call("POST", "/api/rules/{kind}/rollback", None, body, kind=kind))
