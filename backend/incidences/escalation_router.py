"""/escalation."""

from typing import Annotated, Any

from fastapi import Query, Response

from backend.core.http import JsonResponse
from backend.core.wire import Page
from backend.incidences import escalation
from backend.incidences.schemas import EscalationNote, EscalationRead, EscalationTrigger, Level
from backend.rules import service as rules
from backend.unit import Router, Unit

router = Router(prefix="/escalation", tags=["incidences"])


@router.post("/trigger", status_code=201, response_model=EscalationRead)
async def trigger(body: EscalationTrigger, unit: Unit) -> Response:
    """Hand a case up to the level that the rules say. 409 when it is there or above already."""
    return JsonResponse(await unit.write(escalation.trigger, body), 201)


@router.get("/queue", response_model=Page[EscalationRead])
async def list_queue(
    unit: Unit,
    level: Level | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """What is handed up and not over: the highest level first, within a level the oldest first."""
    return JsonResponse(await unit.read(escalation.queue, level=level, limit=limit, cursor=cursor))


@router.get("/rules")
async def read_rules(unit: Unit) -> dict[str, Any]:
    """The escalation rules in force."""
    return await unit.read(rules.read, "escalation")


@router.put("/rules")
async def replace_rules(body: dict[str, Any], unit: Unit) -> dict[str, Any]:
    """Put other escalation rules in force: `{version, rules?, settings?, reason?}`."""
    return await unit.write(rules.replace, "escalation", body)


@router.post("/{escalation_id}/acknowledge", response_model=EscalationRead)
async def acknowledge(escalation_id: str, unit: Unit, body: EscalationNote | None = None) -> Response:
    """Take an escalation, which stops the ladder; 409 says who has."""
    return JsonResponse(await unit.write(escalation.acknowledge, escalation_id, body or EscalationNote()))


@router.post("/{escalation_id}/return", response_model=EscalationRead)
async def hand_back(escalation_id: str, unit: Unit, body: EscalationNote | None = None) -> Response:
    """Hand the case back to who had it."""
    return JsonResponse(await unit.write(escalation.hand_back, escalation_id, body or EscalationNote()))


@router.post("/{escalation_id}/resolve", response_model=EscalationRead)
async def resolve(escalation_id: str, unit: Unit, body: EscalationNote | None = None) -> Response:
    """Settle what the case was handed up for."""
    return JsonResponse(await unit.write(escalation.resolve, escalation_id, body or EscalationNote()))
