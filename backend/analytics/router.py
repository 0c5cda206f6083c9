"""/analytics."""

from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Query, Response
from fastapi.responses import StreamingResponse

from backend.analytics import counting, dashboard_router, export, report, rows, service
from backend.analytics.asked import MOST_DAYS, Asked, asked_of
from backend.analytics.schemas import (
    By,
    CostRead,
    Format,
    FrictionReportRead,
    KeptReport,
    KpisRead,
    RowsRead,
    TrendRead,
    What,
)
from backend.core.http import JsonResponse
from backend.core.wire import Page
from backend.identity.schemas import TimeZone
from backend.unit import RequestUnits, Router, Unit, Units

router = Router(prefix="/analytics", tags=["analytics"])
router.take_in(dashboard_router.router)
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=500)]
Name = Annotated[str, Query(max_length=64)]


async def _asked(
    unit: Unit,
    first: Annotated[date | None, Query(alias="from", description="The first day; seven days when not given.")] = None,
    last: Annotated[date | None, Query(alias="to", description="The last day, included; today when not given.")] = None,
    zone: Annotated[TimeZone | None, Query(description="Whose days; the business's zone when not given.")] = None,
) -> Asked:
    """The days that are asked about."""
    return await unit.read(asked_of, first, last, zone, most=MOST_DAYS)


Days = Annotated[Asked, Depends(_asked)]


async def _count(unit: RequestUnits, metric: str | None = None) -> None:
    """Before anything is told, everything is counted that happened by now. NotFound for a metric there is not."""
    if metric is not None:
        service.metric_of(metric)
    await counting.catch_up(Units(unit.runtime, unit.business_id, request_id=unit.request_id))


@router.get("/kpis", response_model=KpisRead)
async def read_kpis(unit: Unit, asked: Days) -> Response:
    """Every metric over these days, with its definition, beside as many days before."""
    await _count(unit)
    return JsonResponse(await unit.read(service.kpis, asked))


@router.get("/trend/{metric}", response_model=TrendRead)
async def read_trend(metric: str, unit: Unit, asked: Days, by: By = "day") -> Response:
    """One metric by the hour, the day or the week."""
    await _count(unit, metric)
    return JsonResponse(await unit.read(service.trend, metric, by, asked))


@router.get("/rows/{metric}", response_model=RowsRead)
async def list_rows(
    metric: str, unit: Unit, asked: Days, dimension: Name | None = None, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """What is behind a number, newest first: as many as the number says."""
    await _count(unit, metric)
    return JsonResponse(await unit.read(rows.rows, metric, asked, dimension=dimension, limit=limit, cursor=cursor))


@router.get("/cost-analysis", response_model=CostRead)
async def read_cost(unit: Unit, asked: Days) -> Response:
    """What service cost, by channel and for each order."""
    await _count(unit)
    return JsonResponse(await unit.read(service.cost_analysis, asked))


@router.get("/friction-report", response_model=FrictionReportRead)
async def read_friction_report(unit: Unit, asked: Days) -> Response:
    """What customers struggled with in these days, what repeats, and what to mend: as of now."""
    await _count(unit)
    return JsonResponse(await unit.read(report.friction_report, asked))


@router.get("/friction-reports", response_model=Page[KeptReport])
async def list_friction_reports(unit: Unit, limit: Limit = 10, cursor: Cursor = None) -> Response:
    """The weekly reports, newest first, as they were made."""
    return JsonResponse(await unit.read(report.kept, limit=limit, cursor=cursor))


_FILE: dict[int | str, dict[str, Any]] = {200: {"content": {media: {} for media in export.MEDIA.values()}}}


@router.get("/export", response_class=Response, responses=_FILE)
async def download(
    unit: Unit,
    asked: Days,
    what: What,
    format: Format = "csv",
    metric: Name | None = None,
    by: By = "day",
) -> Response:
    """KPIs, a trend, the rows behind a metric, the friction report or the cost as a file, streamed."""
    export.require_metric(what, metric)
    await _count(unit)
    name = export.file_name(what, format, metric, asked)
    body = export.stream(export.pages(unit, what, metric, by, asked), what, format)
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(body, media_type=export.MEDIA[format], headers=headers)
