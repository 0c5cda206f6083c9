"""/api/integrations: connections to platforms; /api/outgoing: what was to be done there."""

from typing import Annotated

from fastapi import Query

from backend.core.text import Key
from backend.core.wire import Page
from backend.integrations import arrivals, connections, outgoing, sweep, sync, testing
from backend.integrations.schemas import (
    ArrivalRead,
    IntegrationAdd,
    IntegrationChange,
    IntegrationMade,
    IntegrationRead,
    KindRead,
    OutgoingRead,
    OutgoingState,
    SyncAccepted,
    SyncRunRead,
    Tested,
)
from backend.unit import Router, RuntimeOf, Unit

router = Router(prefix="/api", tags=["integrations"])


@router.get("/integrations")
async def list_integrations(unit: Unit, runtime: RuntimeOf) -> Page[IntegrationRead]:
    """The business's connections, and how each does."""
    return Page(items=await unit.read(connections.list_integrations, runtime.vault))


@router.get("/integrations/kinds")
async def list_kinds(unit: Unit) -> Page[KindRead]:
    """What can be connected, and what each kind needs to be told: a form can be made of it."""
    return Page(items=connections.kinds())


@router.post("/integrations", status_code=201)
async def add_integration(body: IntegrationAdd, unit: Unit, runtime: RuntimeOf) -> IntegrationMade:
    """Connect a system. 409 when it is connected already. A secret that was made is shown this once."""
    is_open = runtime.settings.private_addresses
    units = unit if body.webhook_secret else unit.unkept
    return await units.write(connections.add_integration, body, runtime.vault, is_private_open=is_open)


@router.patch("/integrations/{integration_id}")
async def change_integration(
    integration_id: str, body: IntegrationChange, unit: Unit, runtime: RuntimeOf
) -> IntegrationRead:
    """Change what is given. 422 when the address changes and the token is not given again."""
    is_open = runtime.settings.private_addresses
    return await unit.write(
        connections.change_integration, integration_id, body, runtime.vault, is_private_open=is_open
    )


@router.delete("/integrations/{integration_id}", status_code=204)
async def remove_integration(integration_id: str, unit: Unit) -> None:
    """End a connection, and forget its credentials."""
    await unit.write(connections.remove_integration, integration_id)


@router.post("/integrations/{integration_id}/sync", status_code=202)
async def sync_integration(integration_id: str, unit: Unit) -> SyncAccepted:
    """Read back now what changed there since the last sweep."""
    return SyncAccepted(id=await unit.write(sweep.begin, integration_id))


@router.post("/integrations/{integration_id}/test")
async def test_integration(integration_id: str, unit: Unit) -> Tested:
    """Call it once, and say what came of it."""
    return await testing.test(unit.unkept, integration_id)


@router.get("/integrations/{integration_id}/runs")
async def list_runs(
    integration_id: str, unit: Unit, limit: Annotated[int, Query(ge=1, le=200)] = 20
) -> Page[SyncRunRead]:
    """What each reading of it read, changed and refused, the newest first."""
    return await unit.read(sync.list_runs, integration_id, limit=limit)


@router.get("/integrations/{integration_id}/arrivals")
async def list_arrivals(
    integration_id: str, unit: Unit, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> Page[ArrivalRead]:
    """The webhooks that came from it, and what came of each, the newest first."""
    return await unit.read(arrivals.list_arrivals, integration_id, limit=limit)


@router.get("/outgoing")
async def list_outgoing(
    unit: Unit,
    incidence: Key | None = None,
    state: OutgoingState | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[OutgoingRead]:
    """What was to be done on platforms, the newest first."""
    return Page(items=await unit.read(outgoing.list_outgoing, incidence_id=incidence, state=state, limit=limit))


@router.post("/outgoing/{call_id}/retry", status_code=202)
async def retry_outgoing(call_id: str, unit: Unit) -> OutgoingRead:
    """Try a failed call again; a message only after looking whether it is there. 409 unless it has failed."""
    return await unit.write(outgoing.retry, call_id)
