"""What the tests of risk share: a business whose app tells of its customers, and another reading of the score."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio

from backend.client import Client
from backend.core.clock import instant
from backend.risk.schemas import RiskShown
from backend.signals.schemas import TrackEvent
from tests.support.backend import Backend


@dataclass(frozen=True)
class Told:
    """One event of a customer: what, and how long before now."""

    type: str
    ago: timedelta
    properties: dict[str, Any] | None = None
    id: str | None = None


@dataclass
class Growth:
    """A business: its owner and its app."""

    backend: Backend
    owner: Client
    app: Client

    async def tell(self, user: str, *told: Told) -> None:
        """Track events of a customer."""
        now = self.backend.clock.now()
        events = [
            TrackEvent.model_validate(
                {"customerId": user, "event": one.type, "timestamp": instant(now - one.ago)}
                | ({"properties": one.properties} if one.properties else {})
                | ({"id": one.id} if one.id else {})
            )
            for one in told
        ]
        answer = await self.app.tracking.track(*events)
        assert not answer.rejected

    async def tell_ago(self, user: str, type: str, days: float, times: int = 1, **properties: Any) -> None:
        await self.tell(user, *[Told(type, timedelta(days=days), properties or None)] * times)

    async def risk(self, user: str) -> RiskShown:
        return await self.owner.customers.risk(user)


def expected(told: list[Told], now: datetime) -> tuple[int, set[str]]:
    """The score and the rules that fire, by a plain reading of the source over all events: no counters, no rule machine."""
    points: dict[str, int] = {}
    logins = [one.ago for one in told if one.type == "login"]
    if logins and min(logins) >= timedelta(days=14, seconds=1):
        points["no_login"] = 30
    uses = [one for one in told if one.type in ("login", "feature_used", "billing_page_view", "page_view")]
    today = datetime(now.year, now.month, now.day, tzinfo=UTC)
    recent = sum(now - one.ago >= today - timedelta(days=13) for one in uses)
    before = sum(today - timedelta(days=27) <= now - one.ago < today - timedelta(days=13) for one in uses)
    if before and (before - recent) / before > 0.5:
        points["usage_down"] = 25
    views = [
        one.ago for one in told if one.type == "billing_page_view" or (one.properties or {}).get("screen") == "Billing"
    ]
    if views and min(views) < timedelta(days=7, seconds=1):
        points["billing_viewed"] = 20
    bad = [one.ago for one in told if one.type == "support_contact" and one.properties == {"sentiment": "negative"}]
    if bad and min(bad) < timedelta(days=30, seconds=1):
        points["negative_support"] = 15
    failed = [one.ago for one in told if one.type == "payment_failed"]
    if failed and min(failed) < timedelta(days=30, seconds=1):
        points["payment_failed"] = 40
    return min(sum(points.values()), 100), set(points)


@pytest_asyncio.fixture
async def growth(backend: Backend) -> Growth:
    return Growth(backend, await backend.owner(), await backend.key())
