"""Metrics, readiness and recommendations."""

from datetime import date
from typing import Any

from backend.client.noun import Noun
from backend.core.wire import Page
from backend.finance import schemas as s


def _days(first: date | None, last: date | None) -> dict[str, Any]:
    return {"from": first, "to": last}


class Finance(Noun):
    async def metrics(self, business_id: str, first: date | None = None, last: date | None = None) -> s.MetricsRead:
        path = "/api/businesses/{business_id}/metrics"
        return await self.transport.call("GET", path, s.MetricsRead, business_id=business_id, **_days(first, last))

    async def metric_history(
        self, business_id: str, first: date | None = None, last: date | None = None, *, by: s.By = "hour"
    ) -> s.MetricHistory:
        path = "/api/businesses/{business_id}/metrics/history"
        days = _days(first, last)
        return await self.transport.call("GET", path, s.MetricHistory, business_id=business_id, by=by, **days)

    async def readiness(self, business_id: str) -> s.ReadinessRead:
        path = "/api/businesses/{business_id}/readiness"
        return await self.transport.call("GET", path, s.ReadinessRead, business_id=business_id)

    async def readiness_history(
        self, business_id: str, first: date | None = None, last: date | None = None, *, by: s.By = "hour"
    ) -> s.ReadinessHistory:
        path = "/api/businesses/{business_id}/readiness/history"
        days = _days(first, last)
        return await self.transport.call("GET", path, s.ReadinessHistory, business_id=business_id, by=by, **days)

    async def recommendations(self, business_id: str, **query: Any) -> Page[s.RecommendationRead]:
        """`status, priority, cursor, limit`."""
        path = "/api/businesses/{business_id}/recommendations"
        return await self.transport.call("GET", path, Page[s.RecommendationRead], business_id=business_id, **query)

    async def decide(self, id: str, body: s.RecommendationChange) -> s.RecommendationRead:
        """Accept or dismiss a recommendation."""
        path = "/api/recommendations/{recommendation_id}"
        return await self.transport.call("PATCH", path, s.RecommendationRead, body, recommendation_id=id)
