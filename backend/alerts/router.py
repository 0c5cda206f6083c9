"""/api/alerts: those of the member who asks."""

from typing import Annotated

from fastapi import Query, Response

from backend.alerts import service
from backend.alerts.schemas import AlertDelivery, AlertPage, AlertRead, AlertTimes, AllRead, Muted
from backend.core.http import JsonResponse
from backend.core.wire import Page
from backend.unit import Router, Unit

router = Router(prefix="/api/alerts", tags=["alerts"])


@router.get("", response_model=AlertPage)
async def list_alerts(
    unit: Unit,
    unread: bool | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """A page of alerts: unread first, then the newest first."""
    return JsonResponse(await unit.read(service.list_alerts, unread=unread, limit=limit, cursor=cursor))


@router.get("/muted", response_model=Muted)
async def muted(unit: Unit) -> Response:
    """The kinds of which the caller hears nothing."""
    return JsonResponse(await unit.read(service.muted))


@router.put("/muted", response_model=Muted)
async def mute(body: Muted, unit: Unit) -> Response:
    """Hear nothing of these kinds, and of all others again."""
    return JsonResponse(await unit.write(service.mute, body))


@router.get("/times", response_model=AlertTimes)
async def times(unit: Unit) -> Response:
    """When the caller is told outside."""
    return JsonResponse(await unit.read(service.times))


@router.put("/times", response_model=AlertTimes)
async def set_times(body: AlertTimes, unit: Unit) -> Response:
    """Be told outside in other hours from now on."""
    return JsonResponse(await unit.write(service.set_times, body))


@router.get("/{alert_id}/deliveries", response_model=Page[AlertDelivery])
async def list_deliveries(alert_id: str, unit: Unit) -> Response:
    """What became of one of them outside: by which ways it went, and when."""
    return JsonResponse(await unit.read(service.deliveries, alert_id))


@router.post("/read-all", response_model=AllRead)
async def read_all(unit: Unit) -> Response:
    """All of them are read."""
    return JsonResponse(await unit.write(service.read_all))


@router.post("/{alert_id}/read", response_model=AlertRead)
async def read_alert(alert_id: str, unit: Unit) -> Response:
    """One of them is read; reading it again changes nothing."""
    return JsonResponse(await unit.write(service.read_alert, alert_id))
