"""The hot paths, as bare ASGI: what a framework does for a body would cost more than the work itself.

`backend.app` puts them behind the edge that everything is behind: request id, body limit, envelope, metrics. 202 is
answered after the commit: what is acknowledged is on disk.
"""

from typing import Any

import orjson
from starlette.datastructures import QueryParams
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from backend.core.errors import Invalid
from backend.core.rows import to_micros
from backend.identity.gate import Caller
from backend.runtime import Runtime
from backend.signals import intake
from backend.signals.ingest import Answer, Arrival, Told, ingest
from backend.signals.visit import SECOND

CONTEXT_SIGNALS = "/context/{user_id}/signals"
FRICTION_SIGNALS = "/friction/signals"
TRACK = "/api/track"
_LONGEST_KEY = 100
_TOLD_BY = (b"authorization", b"x-api-key", b"idempotency-key", b"origin")
"""The headers that say who calls, from where, and whether they called before."""


class Door:
    """One request on its way through: who calls, and what they sent."""

    __slots__ = ("address", "body", "caller", "headers", "now", "request_id", "runtime")

    runtime: Runtime
    caller: Caller
    body: bytes

    def __init__(self, scope: Scope) -> None:
        self.runtime = scope["app"].state.runtime
        self.headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"] if name in _TOLD_BY
        }
        self.address: str = (scope.get("client") or ("",))[0]
        self.request_id: str = scope["state"]["request_id"]
        self.now = to_micros(self.runtime.clock.now())

    async def enter(self, path: str, scope: Scope, receive: Receive) -> None:
        """Ask the gate, then read the body."""
        query = QueryParams(scope["query_string"]) if scope["query_string"] else {}
        caller = await self.runtime.gate.enter("POST", path, self.headers, query)
        assert caller is not None  # none of these paths is open
        self.caller = caller
        message = await receive()
        self.body = message.get("body", b"")
        while message.get("more_body"):
            message = await receive()
            self.body += message.get("body", b"")
        if message["type"] == "http.disconnect":
            raise Invalid("body: ended too early", field="body")

    @property
    def key(self) -> str | None:
        """A repeated Idempotency-Key counts once: it is the id of a signal that has none."""
        key = self.headers.get("idempotency-key")
        return f"key:{key[:_LONGEST_KEY]}" if key else None

    async def store(self, told: list[Told], *, is_single: bool) -> Answer:
        """The answer to the signals, once they are on disk."""
        timeout = self.runtime.settings.visit_timeout_seconds * SECOND
        arrival = Arrival(self.caller.business_id, told, is_single, self.now, timeout, self.request_id)
        answer: Answer = await self.runtime.database.merge(ingest, arrival)
        return answer


async def post_context_signal(scope: Scope, receive: Receive, send: Send) -> None:
    """A signal of the user in the path."""
    await _take_signal(scope, receive, send, CONTEXT_SIGNALS, scope["path_params"]["user_id"])


async def post_friction_signal(scope: Scope, receive: Receive, send: Send) -> None:
    """A signal of the user in the body."""
    await _take_signal(scope, receive, send, FRICTION_SIGNALS, None)


async def _take_signal(scope: Scope, receive: Receive, send: Send, path: str, user_id: str | None) -> None:
    door = Door(scope)
    await door.enter(path, scope, receive)
    told = intake.read_signal(door.body, user_id, door.now, door.key)
    answer = await door.store([told], is_single=True)
    prompt = None if answer.prompt is None else answer.prompt.model_dump()
    await _accepted(send, {"frictionScore": answer.score, "triggered": answer.triggered, "prompt": prompt})


async def post_track(scope: Scope, receive: Receive, send: Send) -> None:
    """One event, or up to a thousand: `{"events": […]}`. Each is taken or refused by itself."""
    door = Door(scope)
    await door.enter(TRACK, scope, receive)
    # A key for servers is one program; one for pages is in all customers' hands, and one of them must not stop the others.
    place = (door.address,) if door.caller.origins else ()
    door.runtime.track_limit.hit("track", door.caller.actor.id or "", *place)
    told, refused = intake.read_events(door.body, door.now, door.key)
    answer = await door.store(told, is_single=False) if told else Answer(0, 0)
    await _accepted(send, {"accepted": answer.accepted, "duplicates": answer.duplicates, "rejected": refused})


async def _accepted(send: Send, answer: dict[str, Any]) -> None:
    body = orjson.dumps(answer)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 202, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class _Bare:
    """Tells Starlette that a route's endpoint is an ASGI application and no function of a request."""

    def __init__(self, app: Any) -> None:
        self.app, self.__doc__ = app, app.__doc__

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


ROUTES = [
    Route(CONTEXT_SIGNALS, _Bare(post_context_signal), methods=["POST"], name="post_context_signal"),
    Route(FRICTION_SIGNALS, _Bare(post_friction_signal), methods=["POST"], name="post_friction_signal"),
    Route(TRACK, _Bare(post_track), methods=["POST"], name="post_track"),
]
