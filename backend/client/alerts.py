"""Alerts of the member who is signed in."""

from typing import Any

from backend.alerts import schemas as s
from backend.client.noun import Noun
from backend.core.wire import Page


class Alerts(Noun):
    async def list(self, **query: Any) -> s.AlertPage:
        """`unread, limit, cursor`."""
        return await self.transport.call("GET", "/api/alerts", s.AlertPage, **query)

    async def read(self, id: str) -> s.AlertRead:
        return await self.transport.call("POST", "/api/alerts/{alert_id}/read", s.AlertRead, alert_id=id)

    async def read_all(self) -> s.AllRead:
        return await self.transport.call("POST", "/api/alerts/read-all", s.AllRead)

    async def muted(self) -> s.Muted:
        return await self.transport.call("GET", "/api/alerts/muted", s.Muted)

    async def mute(self, body: s.Muted) -> s.Muted:
        return await self.transport.call("PUT", "/api/alerts/muted", s.Muted, body)

    async def times(self) -> s.AlertTimes:
        return await self.transport.call("GET", "/api/alerts/times", s.AlertTimes)

    async def set_times(self, body: s.AlertTimes) -> s.AlertTimes:
        return await self.transport.call("PUT", "/api/alerts/times", s.AlertTimes, body)

    async def deliveries(self, id: str) -> Page[s.AlertDelivery]:
        path = "/api/alerts/{alert_id}/deliveries"
        return await self.transport.call("GET", path, Page[s.AlertDelivery], alert_id=id)
