"""The door of every WebSocket: who comes in, by a header or by the first frame, and where they go on."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from backend.core.errors import Failure, Invalid, NotFound, Unauthenticated
from backend.core.http import envelope
from backend.events.event import Actor
from backend.events.live import CLOSE_SIGNED_OUT, Whoami
from backend.runtime import Runtime

CLOSE_UNKNOWN = 4004
_FIRST_FRAME_SECONDS = 10.0
_NEWEST = 2**63 - 1


class Entry(NamedTuple):
    """Somebody who was let in. `after` is the last seq they have."""

    business_id: str
    actor: Actor
    whoami: Whoami
    after: int | None


Meeting = Callable[[str, Actor], Awaitable[None]]
"""Looks up, in a business, what the line is about; NotFound when it is not there."""


async def admit(socket: WebSocket, path: str, meeting: Meeting | None = None) -> Entry | None:
    """Ask the gate for `path` and accept the socket; None when it was refused. Refused before the upgrade if the
    credentials are in the header, closed if they are in the first frame: `{"token": "…"}` or `{"key": "…"}`.
    Whoever has passed the gate goes to the `meeting`, and again each time that they are asked who they are."""
    runtime: Runtime = socket.app.state.runtime
    credentials: Mapping[str, str] = socket.headers

    async def enter() -> tuple[str, Actor]:
        caller = await runtime.gate.enter("WS", path, credentials, socket.query_params)
        assert caller is not None  # no line is open to all
        if meeting is not None:
            await meeting(caller.business_id, caller.actor)
        return caller.business_id, caller.actor

    admitted = None
    try:
        after = _seq(socket.query_params.get("after"))
        if "authorization" in credentials or "x-api-key" in credentials or "key" in socket.query_params:
            admitted = await enter()
    except Failure as failure:
        await socket.send_denial_response(envelope(failure, socket.state.request_id))
        return None
    await socket.accept()
    try:
        if admitted is None:
            credentials = await _first_frame(socket)
            admitted = await enter()
    except WebSocketDisconnect:
        return None
    except (Failure, TimeoutError) as error:
        reason = error.message if isinstance(error, Failure) else "send a token first"
        await socket.close(CLOSE_UNKNOWN if isinstance(error, NotFound) else CLOSE_SIGNED_OUT, reason[:100])
        return None

    async def whoami() -> Actor:
        return (await enter())[1]

    return Entry(*admitted, whoami, after)


def _seq(after: str | None) -> int | None:
    if after is None:
        return None
    if not (after.isascii() and after.isdigit() and int(after[:20]) <= _NEWEST):
        raise Invalid("`after` is the seq of the last event that you have.", field="after")
    return int(after)


async def _first_frame(socket: WebSocket) -> dict[str, str]:
    """The credentials in the first frame, as the headers that they would be."""
    async with asyncio.timeout(_FIRST_FRAME_SECONDS):
        try:
            said = orjson.loads(await socket.receive_text())
        except (orjson.JSONDecodeError, KeyError):
            said = None
    match said:
        case {"token": str(token)}:
            return {"authorization": f"Bearer {token}"}
        case {"key": str(key)}:
            return {"x-api-key": key}
    raise Unauthenticated('Send {"token": "…"} first.')
