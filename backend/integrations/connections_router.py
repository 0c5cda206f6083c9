"""/api/integrations: connections to platforms; /api/outgoing: what was to be done there."""

from typing import Annotated

from fastapi import Query

from backend.core.text import Key
from backend.core.wire import Page
from backend.integrations import connections, outgoing, sweep
from backend.integrations.schemas import (
    IntegrationAdd,
    IntegrationChange,
    IntegrationRead,
    OutgoingRead,
    OutgoingState,
    SyncAccepted,
)
from backend.unit import Router, RuntimeOf, Unit

router = Router(prefix="/api", tags=["integrations"])


@router.get("/integrations")
async def list_integrations(unit: Unit, runtime: RuntimeOf) -> Page[IntegrationRead]:
    """The business's connections, and how each does."""
    return Page(items=await unit.read(connections.list_integrations, runtime.vault))


@router.post("/integrations", status_code=201)
async def add_integration(body: IntegrationAdd, unit: Unit, runtime: RuntimeOf) -> IntegrationRead:
    """Connect a platform. 409 when it is connected already."""
    is_open = runtime.settings.private_addresses
    return await unit.write(connections.add_integration, body, runtime.vault, is_private_open=is_open)


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
