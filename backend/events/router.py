"""/live, /api/audit and /api/audit/verify."""

from typing import Annotated

from fastapi import Query
from starlette.websockets import WebSocket

from backend.core.wire import Page
from backend.events import door, service
from backend.events.live import Line
from backend.events.schemas import AuditEntry, AuditVerdict
from backend.runtime import Runtime
from backend.unit import Router, Unit

router = Router(tags=["events"])


@router.get("/api/audit")
async def list_audit(
    unit: Unit,
    subject: str | None = None,
    actor: str | None = None,
    type: str | None = None,
    incidence: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> Page[AuditEntry]:
    """What happened, newest first; by the id of a subject, actor or incidence, or by type."""
    return await unit.read(service.list_audit, subject, actor, type, incidence, limit, cursor)


@router.get("/api/audit/verify")
async def verify(unit: Unit) -> AuditVerdict:
    """Whether nobody has changed, removed or added an event behind the log's back."""
    return await service.verify(unit)


async def live(socket: WebSocket) -> None:
    """The feed: bearer token in the header, or as the first frame `{"token": "…"}`; `after` is the last seq one has."""
    entry = await door.admit(socket, "/live")
    if entry is None:
        return
    runtime: Runtime = socket.app.state.runtime
    line = Line(
        socket,
        database=runtime.database,
        feed=runtime.feed,
        presence=runtime.presence,
        attendance=runtime.attendance,
        business_id=entry.business_id,
        actor=entry.actor,
        whoami=entry.whoami,
        keep_events=runtime.settings.feed_keep_events,
        heartbeat_seconds=runtime.settings.heartbeat_seconds,
        most=runtime.settings.live_per_member,
    )
    await line.serve(entry.after)


# Not by decorator: dependencies of the app are made for requests, and the door admits the handshake.
router.add_websocket_route("/live", live)
