"""/api/flows: the flows of a business, their versions, and putting one before customers."""

from typing import Annotated

from fastapi import Query, Response

from backend.core.http import JsonResponse
from backend.core.wire import Page
from backend.retention import flows, trying
from backend.retention.flow_schemas import (
    FlowActivate,
    FlowChange,
    FlowDiff,
    FlowMake,
    FlowRead,
    FlowShown,
    FlowStatus,
    FlowTrial,
    FlowTried,
    FlowVersionRead,
)
from backend.unit import Router, Unit

router = Router(prefix="/api/flows", tags=["retention"])
Number = Annotated[int, Query(ge=1, le=2**31 - 1)]


@router.get("", response_model=Page[FlowRead])
async def list_flows(unit: Unit, status: FlowStatus | None = None) -> Response:
    """Every flow, those that customers meet first."""
    return JsonResponse(await unit.read(flows.list_flows, status=status))


@router.post("", status_code=201, response_model=FlowRead)
async def make_flow(body: FlowMake, unit: Unit) -> Response:
    """A new flow, a draft; its steps as JSON or YAML."""
    return JsonResponse(await unit.write(flows.make, body), 201)


@router.get("/{flow_id}", response_model=FlowShown)
async def show_flow(flow_id: str, unit: Unit) -> Response:
    """A flow by its id or name, also in YAML and in words."""
    return JsonResponse(await unit.read(flows.show, flow_id))


@router.patch("/{flow_id}", response_model=FlowRead)
async def change_flow(flow_id: str, body: FlowChange, unit: Unit) -> Response:
    """Another name or other steps, or archive it. Other steps are met once they are activated."""
    return JsonResponse(await unit.write(flows.change, flow_id, body))


@router.post("/{flow_id}/activate", response_model=FlowRead)
async def activate_flow(flow_id: str, body: FlowActivate, unit: Unit) -> Response:
    """Let customers meet it as it is now."""
    return JsonResponse(await unit.write(flows.activate, flow_id, body))


@router.get("/{flow_id}/versions", response_model=Page[FlowVersionRead])
async def list_versions(flow_id: str, unit: Unit) -> Response:
    """Its documents, the newest first, each with what it changed."""
    return JsonResponse(await unit.read(flows.versions, flow_id))


@router.get("/{flow_id}/diff", response_model=FlowDiff)
async def diff_flow(flow_id: str, before: Number, after: Number, unit: Unit) -> Response:
    """What one of its documents has other than another."""
    return JsonResponse(await unit.read(flows.diff, flow_id, before, after))


@router.post("/{flow_id}/dry-run", response_model=FlowTried)
async def dry_run(flow_id: str, body: FlowTrial, unit: Unit) -> Response:
    """What the customers of the last days would have met with this document as the active one. Changes nothing."""
    return JsonResponse(await unit.read(trying.try_on_past, flow_id, body))
