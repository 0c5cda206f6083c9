"""/incidences: labels, watching, and verbs on many."""

from typing import Annotated

from fastapi import Query, Response

from backend.core.http import JsonResponse
from backend.core.wire import Page
from backend.incidences import bulk, labels, watching
from backend.incidences.bulk_schemas import BulkDetail, BulkPreview, BulkRead, BulkStart, RowState
from backend.incidences.schemas import IncidenceRead, LabelCounts, LabelsChange
from backend.unit import Router, Unit

Cursor = Annotated[str | None, Query(max_length=500)]
router = Router(prefix="/incidences", tags=["incidences"])


@router.get("/labels", response_model=LabelCounts)
async def count_labels(unit: Unit) -> Response:
    """The labels of cases that are not closed, the most used first."""
    return JsonResponse(await unit.read(labels.counts))


@router.get("/bulk", response_model=Page[BulkRead])
async def list_bulks(unit: Unit) -> Response:
    """The newest verbs on many."""
    return JsonResponse(await unit.read(bulk.newest))


@router.post("/bulk", status_code=201, response_model=BulkRead | BulkPreview)
async def start_bulk(body: BulkStart, unit: Unit) -> Response:
    """Do a verb to all cases that fit, or with `dryRun` tell how many there are, and to which it cannot be done and why."""
    if body.dry_run:  # nothing is kept of it, not even the answer for a repeated Idempotency-Key
        return JsonResponse(await unit.read(bulk.start, body))
    return JsonResponse(await unit.write(bulk.start, body), 201)


@router.get("/bulk/{bulk_id}", response_model=BulkDetail)
async def read_bulk(
    bulk_id: str,
    unit: Unit,
    state: RowState | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
    cursor: Cursor = None,
) -> Response:
    """What became of each case."""
    return JsonResponse(await unit.read(bulk.detail, bulk_id, state=state, limit=limit, cursor=cursor))


@router.post("/bulk/{bulk_id}/undo", response_model=BulkRead)
async def undo_bulk(bulk_id: str, unit: Unit) -> Response:
    """Take it back, for each case that was not changed since."""
    return JsonResponse(await unit.write(bulk.undo, bulk_id))


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
