"""/api/views."""

from fastapi import Response

from backend.core.http import JsonResponse
from backend.incidences import views
from backend.incidences.view_schemas import ViewKeep, ViewRead, Views
from backend.unit import Router, Unit

router = Router(tags=["incidences"])


@router.get("/api/views", response_model=Views)
async def list_views(unit: Unit) -> Response:
    """One's own saved views."""
    return JsonResponse(await unit.read(views.list_views))


@router.post("/api/views", status_code=201, response_model=ViewRead)
async def keep_view(body: ViewKeep, unit: Unit) -> Response:
    """Keep a filter under a name; one that is there under it becomes this."""
    return JsonResponse(await unit.write(views.keep, body), 201)


@router.delete("/api/views/{view_id}", status_code=204)
async def drop_view(view_id: str, unit: Unit) -> None:
    """Take one's own away."""
    await unit.write(views.drop, view_id)
