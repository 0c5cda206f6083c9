"""/api/dashboard."""

from typing import Annotated

from fastapi import Query

from backend.analytics.dashboard import chart_data, dashboard
from backend.analytics.dashboard_schemas import ChartData, Dashboard
from backend.analytics.subscribed import By
from backend.unit import Router, Unit

router = Router(prefix="/api/dashboard", tags=["analytics"])


@router.get("/metrics")
async def read_metrics(unit: Unit) -> Dashboard:
    """How the business stands now, each number with its definition."""
    return await unit.read(dashboard)


@router.get("/chart-data")
async def read_chart(unit: Unit, by: By = "month", count: Annotated[int, Query(ge=1, le=60)] = 12) -> ChartData:
    """Churn and revenue of the last months or weeks, the one that goes on included."""
    return await unit.read(chart_data, by=by, count=count)
