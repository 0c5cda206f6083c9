"""/agent, /approvals."""

from typing import Annotated

from fastapi import Query, Response

from backend.agent import actions, approvals, dashboard, floor, next
from backend.agent.schemas import (
    ActionAnswer,
    ActionAsk,
    ApprovalDecision,
    ApprovalRead,
    ApprovalStatus,
    Dashboard,
    Floor,
    Next,
    NextAsk,
)
from backend.core.http import JsonResponse
from backend.core.wire import Page
from backend.identity import availability
from backend.identity.schemas import AvailabilitySay, CapacityChange, MemberRead
from backend.incidences import notes
from backend.incidences.schemas import NoteAdd, Posted
from backend.unit import Router, Unit

router = Router(tags=["agent"])


@router.get("/agent/dashboard/{incidence_id}", response_model=Dashboard)
async def read_dashboard(incidence_id: str, unit: Unit) -> Response:
    """All that an agent needs to understand a case, in one answer."""
    return JsonResponse(await unit.read(dashboard.dashboard, incidence_id))


@router.post("/agent/notes/{incidence_id}", status_code=201, response_model=Posted)
async def add_note(incidence_id: str, body: NoteAdd, unit: Unit) -> Response:
    """A note among ourselves."""
    return JsonResponse(await unit.write(notes.add_note, incidence_id, body), 201)


@router.post("/agent/next", response_model=Next)
async def claim_next(unit: Unit, body: NextAsk | None = None) -> Response:
    """Claim the best next case, and say why it is. 409 when one has as many as one can have, unless forced."""
    return JsonResponse(await unit.write(next.claim_next, body or NextAsk()))


@router.get("/agent/floor", response_model=Floor)
async def read_floor(unit: Unit) -> Response:
    """Who is there, with how much; what waits, what is due, and what the last hour brought."""
    return JsonResponse(await unit.read(floor.floor))


@router.patch("/agent/floor/{member_id}", response_model=MemberRead)
async def set_capacity(member_id: str, body: CapacityChange, unit: Unit) -> Response:
    """How many cases a member can have at a time; null for what their role has."""
    return JsonResponse(await unit.write(availability.set_capacity, member_id, body))


@router.put("/agent/availability", response_model=MemberRead)
async def say_availability(body: AvailabilitySay, unit: Unit) -> Response:
    """Be at the desk, or away for a reason and until an instant."""
    return JsonResponse(await unit.write(availability.say, body))


@router.post("/agent/actions/{incidence_id}", response_model=ActionAnswer)
async def perform(incidence_id: str, body: ActionAsk, unit: Unit) -> Response:
    """Do something to a case. 403 ACTION_BLOCKED, or APPROVAL_REQUIRED with the approval that was asked for."""
    return JsonResponse(actions.answered(await unit.write(actions.perform, incidence_id, body)))


@router.get("/approvals", response_model=Page[ApprovalRead])
async def list_approvals(
    unit: Unit,
    status: ApprovalStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """What was asked for: what is pending the oldest first, all else the newest first."""
    return JsonResponse(await unit.read(approvals.list_approvals, status=status, limit=limit, cursor=cursor))


@router.post("/approvals/{approval_id}/approve", response_model=ApprovalRead)
async def approve(approval_id: str, body: ApprovalDecision, unit: Unit) -> Response:
    """Agree, and carry it out for who asked. USED when it was; APPROVED with a failure when it cannot be any more."""
    return JsonResponse(await unit.write(approvals.approve, approval_id, body))


@router.post("/approvals/{approval_id}/deny", response_model=ApprovalRead)
async def deny(approval_id: str, body: ApprovalDecision, unit: Unit) -> Response:
    """Refuse it."""
    return JsonResponse(await unit.write(approvals.deny, approval_id, body))
