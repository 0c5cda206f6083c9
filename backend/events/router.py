"""/live, /api/audit and /api/audit/verify."""

import asyncio
from collections.abc import Mapping
from typing import Annotated

import orjson
from fastapi import APIRouter, Query
from starlette.websockets import WebSocket, WebSocketDisconnect

from backend.core.errors import Failure, Invalid, Unauthenticated
from backend.core.http import envelope
from backend.core.wire import Page
from backend.events import service
from backend.events.event import Actor
from backend.events.live import CLOSE_SIGNED_OUT, Line
from backend.events.schemas import AuditEntry, AuditVerdict
from backend.runtime import Runtime
from backend.unit import Unit

router = APIRouter(tags=["events"])
_FIRST_FRAME_SECONDS = 10.0
_NEWEST = 2**63 - 1


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
    runtime: Runtime = socket.app.state.runtime
    credentials: Mapping[str, str] = socket.headers

    async def admit() -> tuple[str, Actor]:
        caller = await runtime.gate.enter("WS", "/live", credentials, socket.query_params)
        assert caller is not None  # the line is not open
        return caller.business_id, caller.actor

    admitted = None
    try:
        after = _seq(socket.query_params.get("after"))
        if "authorization" in credentials or "x-api-key" in credentials or "key" in socket.query_params:
            admitted = await admit()
    except Failure as failure:
        await socket.send_denial_response(envelope(failure, socket.state.request_id))
        return
    await socket.accept()
    try:
        if admitted is None:
            credentials = {"authorization": f"Bearer {await _first_frame(socket)}"}
            admitted = await admit()
    except WebSocketDisconnect:
        return
    except (Failure, TimeoutError) as error:
        reason = error.message if isinstance(error, Failure) else "send a token first"
        await socket.close(CLOSE_SIGNED_OUT, reason[:100])
        return

    async def whoami() -> Actor:
        return (await admit())[1]

    business_id, actor = admitted
    line = Line(
        socket,
        database=runtime.database,
        feed=runtime.feed,
        presence=runtime.presence,
        attendance=runtime.attendance,
        business_id=business_id,
        actor=actor,
        whoami=whoami,
        keep_events=runtime.settings.feed_keep_events,
        heartbeat_seconds=runtime.settings.heartbeat_seconds,
    )
    await line.serve(after)


# Not by decorator: dependencies of the app are made for requests, and the handshake is admitted above.
router.add_websocket_route("/live", live)


def _seq(after: str | None) -> int | None:
    if after is None:
        return None
    if not (after.isascii() and after.isdigit() and int(after[:20]) <= _NEWEST):
        raise Invalid("`after` is the seq of the last event that you have.", field="after")
    return int(after)


async def _first_frame(socket: WebSocket) -> str:
    async with asyncio.timeout(_FIRST_FRAME_SECONDS):
        try:
            said = orjson.loads(await socket.receive_text())
        except (orjson.JSONDecodeError, KeyError):
            said = None
    token = said.get("token") if isinstance(said, dict) else None
    if not isinstance(token, str):
        raise Unauthenticated('Send {"token": "…"} first.')
    return token
