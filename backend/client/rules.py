"""Rule sets."""

from typing import Any

from backend.client.noun import Noun
from backend.rules.schemas import Draft, KeptList, Publish, Rollback


class Rules(Noun):
    async def list(self) -> dict[str, Any]:
        return dict(await self.transport.call("GET", "/api/rules"))

    async def show(self, kind: str) -> dict[str, Any]:
        return dict(await self.transport.call("GET", "/api/rules/{kind}", kind=kind))

    async def versions(self, kind: str) -> dict[str, Any]:
        return dict(await self.transport.call("GET", "/api/rules/{kind}/versions", kind=kind))

    async def version(self, kind: str, version: int) -> dict[str, Any]:
        """The set as it was in a version."""
        path = "/api/rules/{kind}/versions/{version}"
        return dict(await self.transport.call("GET", path, kind=kind, version=version))

    async def diff(self, kind: str, before: int, after: int) -> dict[str, Any]:
        """What one version changed of another, in words."""
        return dict(await self.transport.call("GET", "/api/rules/{kind}/diff", kind=kind, before=before, after=after))

    async def vocabulary(self, kind: str) -> dict[str, Any]:
        """What its rules are made of."""
        return dict(await self.transport.call("GET", "/api/rules/{kind}/vocabulary", kind=kind))

    async def check(self, kind: str, body: dict[str, Any] | Draft) -> dict[str, Any]:
        """What is wrong with a draft (settings, rules; both optional), and what it says."""
        return dict(await self.transport.call("POST", "/api/rules/{kind}/check", None, body, kind=kind))

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

    async def keeping(self) -> KeptList:
        """What is kept for how long, and how much of it was forgotten."""
        return await self.transport.call("GET", "/api/keeping", KeptList)
