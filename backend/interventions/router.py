"""/api/interventions."""

from typing import Annotated

from fastapi import Query, Response

from backend.core.http import JsonResponse
from backend.interventions import service
from backend.interventions.effect import effects
from backend.interventions.schemas import (
    Effects,
    Horizon,
    InterventionChange,
    InterventionCreate,
    InterventionPage,
    InterventionRead,
    Order,
    State,
)
from backend.unit import Router, Unit

router = Router(prefix="/api/interventions", tags=["interventions"])


@router.get("", response_model=InterventionPage)
async def list_interventions(
    unit: Unit,
    status: State | None = None,
    assignee: Annotated[str | None, Query(max_length=128)] = None,
    customer: Annotated[str | None, Query(max_length=128)] = None,
    overdue: bool = False,
    sort: Order = "due",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """Interventions: what is due first, or the newest first. Unfinished are open and active ones; `assignee` is me, none or a member's id."""
    found = await unit.read(
        service.list_interventions,
        status=status,
        assignee=assignee,
        customer=customer,
        overdue=overdue,
        sort=sort,
        limit=limit,
        cursor=cursor,
    )
    return JsonResponse(found)


@router.post("", status_code=201, response_model=InterventionRead)
async def create_intervention(body: InterventionCreate, unit: Unit) -> Response:
    """Begin one, by hand or with `fromRisk` from the customer's risk as it is now."""
    return JsonResponse(await unit.write(service.create, body), 201)


@router.get("/effect")
async def show_effect(unit: Unit, horizon: Horizon = "30") -> Effects:
    """Whether interventions of the last year helped: risk and revenue, against customers alike who got none."""
    return await unit.read(effects, horizon=int(horizon))


@router.get("/{intervention_id}", response_model=InterventionRead)
async def show_intervention(intervention_id: str, unit: Unit) -> Response:
    """One of them."""
    return JsonResponse(await unit.read(service.show_intervention, intervention_id))


@router.patch("/{intervention_id}", response_model=InterventionRead)
async def change_intervention(intervention_id: str, body: InterventionChange, unit: Unit) -> Response:
    """Change the fields given."""
    return JsonResponse(await unit.write(service.change, intervention_id, body))
