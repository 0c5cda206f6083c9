"""/agent."""

from fastapi import APIRouter, Response

from backend.agent import dashboard, next
from backend.agent.schemas import Dashboard, Next
from backend.core.http import JsonResponse
from backend.incidences import notes
from backend.incidences.schemas import NoteAdd, Posted
from backend.unit import Unit

router = APIRouter(prefix="/agent", tags=["agent"])


@router.get("/dashboard/{incidence_id}", response_model=Dashboard)
async def read_dashboard(incidence_id: str, unit: Unit) -> Response:
    """All that an agent needs to understand a case, in one answer."""
    return JsonResponse(await unit.read(dashboard.dashboard, incidence_id))


@router.post("/notes/{incidence_id}", status_code=201, response_model=Posted)
async def add_note(incidence_id: str, body: NoteAdd, unit: Unit) -> Response:
    """A note among ourselves."""
    return JsonResponse(await unit.write(notes.add_note, incidence_id, body), 201)


@router.post("/next", response_model=Next)
async def claim_next(unit: Unit) -> Response:
    """Claim the best next case, and say why it is."""
    return JsonResponse(await unit.write(next.claim_next))
