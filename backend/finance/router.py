"""/api/businesses/{id}/metrics, /readiness, /recommendations, and /api/recommendations."""

from datetime import date
from typing import Annotated

from fastapi import Query

from backend.core.wire import Page
from backend.finance import advising, service
from backend.finance.schemas import (
    By,
    MetricHistory,
    MetricsRead,
    Priority,
    ReadinessHistory,
    ReadinessRead,
    RecommendationChange,
    RecommendationRead,
    Status,
)
from backend.identity.service import own_business
from backend.unit import Router, Unit

router = Router(prefix="/api", tags=["finance"])
First = Annotated[date | None, Query(alias="from", description="The first local day.")]
Last = Annotated[date | None, Query(alias="to", description="The last local day, included; today when left out.")]
Cursor = Annotated[str | None, Query(max_length=500)]
Limit = Annotated[int, Query(ge=1, le=200)]


@router.get("/businesses/{business_id}/metrics")
async def read_metrics(business_id: str, unit: Unit, first: First = None, last: Last = None) -> MetricsRead:
    """The six metrics as they are now, with their definitions: of the last 30 days (a setting of the readiness rules),
    or of the local days given."""
    await unit.read(own_business, business_id)
    return await unit.read(service.read_metrics, first, last)


@router.get("/businesses/{business_id}/metrics/history")
async def read_metric_history(
    business_id: str, unit: Unit, first: First = None, last: Last = None, by: By = "hour"
) -> MetricHistory:
    """The metrics as they were known at each hour (or at the end of each day) of the local days given, by default the
    last 30."""
    await unit.read(own_business, business_id)
    return await unit.read(service.metric_history, first, last, by)


@router.get("/businesses/{business_id}/readiness")
async def read_readiness(business_id: str, unit: Unit) -> ReadinessRead:
    """The readiness score of now: what helps, what hurts and how much, and what would lift it to the next tier."""
    await unit.read(own_business, business_id)
    return await unit.read(service.read_readiness)


@router.get("/businesses/{business_id}/readiness/history")
async def read_readiness_history(
    business_id: str, unit: Unit, first: First = None, last: Last = None, by: By = "hour"
) -> ReadinessHistory:
    """The scores that were kept, hour by hour or the last one of each day."""
    await unit.read(own_business, business_id)
    return await unit.read(service.readiness_history, first, last, by)


@router.get("/businesses/{business_id}/recommendations")
async def list_recommendations(
    business_id: str,
    unit: Unit,
    status: Status | None = None,
    priority: Priority | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[RecommendationRead]:
    """One page of recommendations, what would bring most readiness first."""
    await unit.read(own_business, business_id)
    return await unit.read(service.list_recommendations, status=status, priority=priority, cursor=cursor, limit=limit)


@router.patch("/recommendations/{recommendation_id}")
async def decide_recommendation(recommendation_id: str, body: RecommendationChange, unit: Unit) -> RecommendationRead:
    """Accept or dismiss it. One that is dismissed does not come back for 30 days (a setting of its rules)."""
    return await unit.write(advising.decide, recommendation_id, body)
