"""/incidences: merging and linking."""

from fastapi import Response

from backend.core.http import JsonResponse
from backend.incidences import linking, merging
from backend.incidences.link_schemas import LinkMake, LinkRead, Links, Merge, MergeRead
from backend.unit import Router, Unit

router = Router(prefix="/incidences/{incidence_id}", tags=["incidences"])


@router.post("/merge", response_model=MergeRead)
async def merge(incidence_id: str, body: Merge, unit: Unit) -> Response:
    """Make a case part of another. It can be undone for as long as the rules say."""
    return JsonResponse(await unit.write(merging.merge, incidence_id, body))


@router.post("/unmerge", response_model=MergeRead)
async def unmerge(incidence_id: str, unit: Unit) -> Response:
    """Make a merged case one of its own again."""
    return JsonResponse(await unit.write(merging.unmerge, incidence_id))


@router.get("/links", response_model=Links)
async def read_links(incidence_id: str, unit: Unit) -> Response:
    """The cases that a case is linked to."""
    return JsonResponse(await unit.read(linking.of, incidence_id))


@router.post("/links", status_code=201, response_model=LinkRead)
async def link(incidence_id: str, body: LinkMake, unit: Unit) -> Response:
    """Say that a case relates to another, or is its duplicate."""
    return JsonResponse(await unit.write(linking.link, incidence_id, body), 201)


@router.delete("/links/{link_id}", status_code=204)
async def unlink(incidence_id: str, link_id: str, unit: Unit) -> None:
    """Take a link off."""
    await unit.write(linking.unlink, incidence_id, link_id)
