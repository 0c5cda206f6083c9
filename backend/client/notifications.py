"""Notifications: help offered to customers."""

from typing import Any

from backend.client.noun import Noun
from backend.notifications import schemas as s


class Notifications(Noun):
    async def trigger(self, body: s.NotificationTrigger, *, idempotency_key: str | None = None) -> s.TriggerAnswer:
        path = "/notifications/trigger"
        return await self.transport.call("POST", path, s.TriggerAnswer, body, idempotency_key=idempotency_key)

    async def suppress(self, user_id: str, body: s.Suppress | None = None) -> s.Suppressed:
        path = "/notifications/suppress/{user_id}"
        return await self.transport.call("POST", path, s.Suppressed, body or s.Suppress(), user_id=user_id)

    async def list(self, user_id: str, *, after: int | None = None, limit: int | None = None) -> s.NotificationPage:
        path = "/notifications/{user_id}"
        return await self.transport.call("GET", path, s.NotificationPage, user_id=user_id, after=after, limit=limit)

    async def see(self, id: str) -> s.NotificationRead:
        path = "/notifications/{notification_id}/seen"
        return await self.transport.call("POST", path, s.NotificationRead, notification_id=id)

    async def accept(self, id: str) -> s.NotificationRead:
        path = "/notifications/{notification_id}/accepted"
        return await self.transport.call("POST", path, s.NotificationRead, notification_id=id)

    async def rules(self) -> dict[str, Any]:
        return dict(await self.transport.call("GET", "/notifications/rules"))

    async def set_rules(self, body: dict[str, Any]) -> dict[str, Any]:
        return dict(await self.transport.call("PUT", "/notifications/rules", None, body))
