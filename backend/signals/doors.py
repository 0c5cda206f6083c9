"""The hot paths, as plain Starlette routes: what a framework does for a body would cost more than the work itself.

202 is answered after the commit: what is acknowledged is on disk.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.core.http import JsonResponse
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


async def post_context_signal(request: Request) -> Response:
    """A signal of the user in the path."""
    return await _take_signal(request, CONTEXT_SIGNALS, request.path_params["user_id"])


async def post_friction_signal(request: Request) -> Response:
    """A signal of the user in the body."""
    return await _take_signal(request, FRICTION_SIGNALS, None)


async def post_track(request: Request) -> Response:
    """One event, or up to a thousand: `{"events": […]}`."""
    runtime, caller = await _enter(request, TRACK)
    runtime.track_limit.hit("track", caller.actor.id or "")
    now = to_micros(runtime.clock.now())
    told, refused = intake.read_events(await request.body(), now, _key(request))
    answer = await _store(request, runtime, caller, told, now, is_single=False) if told else Answer(0, 0)
    return JsonResponse({"accepted": answer.accepted, "duplicates": answer.duplicates, "rejected": refused}, 202)


async def _take_signal(request: Request, path: str, user_id: str | None) -> Response:
    runtime, caller = await _enter(request, path)
    now = to_micros(runtime.clock.now())
    told = intake.read_signal(await request.body(), user_id, now, _key(request))
    answer = await _store(request, runtime, caller, [told], now, is_single=True)
    prompt = None if answer.prompt is None else answer.prompt.model_dump()
    return JsonResponse({"frictionScore": answer.score, "triggered": answer.triggered, "prompt": prompt}, 202)


async def _enter(request: Request, path: str) -> tuple[Runtime, Caller]:
    runtime: Runtime = request.app.state.runtime
    caller = await runtime.gate.enter("POST", path, request.headers, request.query_params)
    assert caller is not None  # none of these paths is open
    return runtime, caller


def _key(request: Request) -> str | None:
    """A repeated Idempotency-Key counts once: it is the id of a signal that has none."""
    key = request.headers.get("idempotency-key")
    return f"key:{key[:_LONGEST_KEY]}" if key else None


async def _store(
    request: Request, runtime: Runtime, caller: Caller, told: list[Told], now: int, *, is_single: bool
) -> Answer:
    timeout = runtime.settings.visit_timeout_seconds * SECOND
    request_id = request.scope["state"]["request_id"]
    arrival = Arrival(caller.business_id, told, is_single, now, timeout, request_id)
    answer: Any = await runtime.database.merge(ingest, arrival)
    assert isinstance(answer, Answer)
    return answer


ROUTES = [
    Route(CONTEXT_SIGNALS, post_context_signal, methods=["POST"]),
    Route(FRICTION_SIGNALS, post_friction_signal, methods=["POST"]),
    Route(TRACK, post_track, methods=["POST"]),
]
