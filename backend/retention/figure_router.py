"""/api/retention/analytics, and how a flow does. What takes long is counted beside the event loop, outside of any unit."""

from asyncio import to_thread
from typing import Annotated, Any, Literal

from fastapi import Query, Response
from pydantic import BeforeValidator

from backend.core.http import JsonResponse
from backend.retention import cohort, figures, performance
from backend.retention.figure_schemas import FlowRanking, Offers, Reasons, SavedRevenue, SavedUsers, Summary
from backend.unit import Router, Unit

router = Router(tags=["retention"])
Days = Annotated[int, Query(ge=1, le=800, description="Runs that began on the last so many local days.")]


def _number(value: Any) -> Any:
    """A query is text, and a literal takes numbers only as they are."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


Horizon = Annotated[
    Literal[30, 90, 180], BeforeValidator(_number), Query(description="Days after a run in which payments count.")
]
_PATH = "/api/retention/analytics"


@router.get(f"{_PATH}/summary", response_model=Summary)
async def read_summary(unit: Unit, days: Days = 180, horizon: Horizon = 90) -> Response:
    """Every number, with its definition beside it."""
    found = await unit.read(cohort.read, days, horizon, with_lives=True)
    return JsonResponse(await to_thread(figures.summary, found))


@router.get(f"{_PATH}/saved-revenue", response_model=SavedRevenue)
async def read_saved_revenue(unit: Unit, days: Days = 180, horizon: Horizon = 90) -> Response:
    """What was saved, gross and incremental, and gross by day."""
    return JsonResponse(await to_thread(figures.saved_revenue, await unit.read(cohort.read, days, horizon)))


@router.get(f"{_PATH}/saved-users", response_model=SavedUsers)
async def read_saved_users(unit: Unit, days: Days = 180, horizon: Horizon = 90) -> Response:
    """Who wanted to cancel and what they did, by day."""
    return JsonResponse(figures.saved_users(await unit.read(cohort.read, days, horizon)))


@router.get(f"{_PATH}/offers", response_model=Offers)
async def read_offers(unit: Unit, days: Days = 180, horizon: Horizon = 90) -> Response:
    """How each offer did."""
    return JsonResponse(figures.offers(await unit.read(cohort.read, days, horizon)))


@router.get(f"{_PATH}/churn-reasons", response_model=Reasons)
async def read_reasons(unit: Unit, days: Days = 180, horizon: Horizon = 90) -> Response:
    """Why people want to leave, and how many did."""
    found = await unit.read(cohort.read, days, horizon)
    return JsonResponse(figures.reasons(found, await unit.read(performance.labels)))


@router.get("/api/flows/{flow_id}/ranking", response_model=FlowRanking)
async def read_ranking(flow_id: str, unit: Unit, days: Days = 180, horizon: Horizon = 90) -> Response:
    """How a flow and its offers do, and which offer comes first for whom and why."""
    return JsonResponse(await unit.read(performance.ranking, flow_id, days, horizon))
