"""/incidences: labels and watching."""

from fastapi import APIRouter, Response

from backend.core.http import JsonResponse
from backend.incidences import labels, watching
from backend.incidences.schemas import IncidenceRead, LabelCounts, LabelsChange
from backend.unit import Unit

router = APIRouter(prefix="/incidences", tags=["incidences"])


@router.get("/labels", response_model=LabelCounts)
async def count_labels(unit: Unit) -> Response:
    """The labels of cases that are not closed, the most used first."""
    return JsonResponse(await unit.read(labels.counts))


@router.post("/{incidence_id}/labels", response_model=IncidenceRead)
async def change_labels(incidence_id: str, body: LabelsChange, unit: Unit) -> Response:
    """Put labels on a case and take others off it."""
    return JsonResponse(await unit.write(labels.change, incidence_id, body))


@router.put("/{incidence_id}/watch", response_model=IncidenceRead)
async def watch(incidence_id: str, unit: Unit) -> Response:
    """Hear of a case that is not yours."""
    return JsonResponse(await unit.write(watching.watch, incidence_id))


@router.delete("/{incidence_id}/watch", response_model=IncidenceRead)
async def unwatch(incidence_id: str, unit: Unit) -> Response:
    """Hear of it no more."""
    return JsonResponse(await unit.write(watching.unwatch, incidence_id))
