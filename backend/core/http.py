"""The edge of HTTP: request ids, body limit, access log, metrics, and the one error envelope."""

import re
import time
from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.core.errors import Failure, Invalid, NotFound, TooLarge, TooSlow, Unavailable
from backend.core.ids import new_id
from backend.core.log import REQUEST_ID, logger
from backend.core.meters import Recent
from backend.core.outage import Outage

BODY_SECONDS = 30.0
"""How long a body may take to come: whoever trickles one holds a connection and what was read of it. Looked at with each
piece, of which a body that has stopped gets an empty one now and then: see `core.packets`."""
FILE_SECONDS = 300.0
"""The same for files."""
_NO_MORE = {"connection": "close"}
"""What is still to come of a body that was given up is not waited for either."""
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,64}")
"""What is taken of a client's X-Request-Id; anything else is answered, and written down, with one of ours."""
AT_ONCE = "holdfast.at_once"
"""A WebSocket's extension: its `write` takes a whole frame, and answers whether the socket could take it at once."""


class JsonResponse(Response):
    """JSON by orjson: for answers that are already plain data."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


def envelope(failure: Failure, request_id: str) -> JsonResponse:
    """The one shape of every failure."""
    error = {"code": failure.error_code, "message": failure.message, "details": failure.details}
    body = {"success": False, "error": {**error, "requestId": request_id}}
    return JsonResponse(body, failure.status, failure.headers)


class HttpMetrics:
    """Counts and times of requests, by route."""

    def __init__(self, registry: CollectorRegistry, recent: Recent) -> None:
        self._note = recent.note
        self.seconds = Histogram(
            "holdfast_http_seconds",
            "Time to answer",
            ["method", "route"],
            registry=registry,
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
        )
        self.answers = Counter("holdfast_http_answers", "Answers", ["method", "route", "status"], registry=registry)
        # Routes, methods and status codes are few; finding their series anew for each request costs more than counting.
        self._of: dict[tuple[str, str, int], tuple[Histogram, Counter]] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        series = self._of.get((method, route, status))
        if series is None:
            series = self._of[method, route, status] = (
                self.seconds.labels(method, route),
                self.answers.labels(method, route, str(status)),
            )
        series[0].observe(seconds)
        self._note(seconds)
        series[1].inc()


class Edge:
    """ASGI middleware around everything: gives each request an id, bounds its body, and lets no exception out."""

    def __init__(
        self, app: ASGIApp, *, metrics: HttpMetrics, max_body_bytes: int, larger: Mapping[str, int] | None = None
    ) -> None:
        """`larger`: paths that take files, each of so many bytes at most, and with more time for them."""
        self.app, self.metrics, self.max_body_bytes, self.larger = app, metrics, max_body_bytes, larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        given, length = b"", 0
        for name, value in scope["headers"]:
            if name == b"x-request-id":
                given = value
            elif name == b"content-length":
                length = int(value or 0)
        # It stays in the audit for ever, so it has to be an id: nothing with spaces, and no address of anybody's.
        request_id = given.decode() if _REQUEST_ID.fullmatch(given) else new_id()
        scope.setdefault("state", {})["request_id"] = request_id
        REQUEST_ID.set(request_id)
        if scope["type"] == "http":
            await self._answer(scope, receive, send, request_id, length)
        else:
            await self.app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, request_id: str, length: int) -> None:
        started, status, read = time.perf_counter(), 0, 0
        most = self.larger.get(scope["path"], self.max_body_bytes)

        async def bounded() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise TooLarge(f"The body is over {most} bytes. Send less at once.", headers=_NO_MORE)
            if message.get("more_body", False):
                limit = BODY_SECONDS if most == self.max_body_bytes else FILE_SECONDS
                if time.perf_counter() - started > limit:
                    raise TooSlow(f"The body did not come within {limit:g} s. Send it again.", headers=_NO_MORE)
            return message

        async def tagged(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            if length > most:
                raise TooLarge(f"The body is over {most} bytes. Send less at once.", headers=_NO_MORE)
            await self.app(scope, bounded, tagged)
        except Failure as failure:
            await envelope(failure, request_id)(scope, receive, tagged)
        except Outage as outage:
            if status:
                raise
            await envelope(Unavailable(outage.message, code=outage.code), request_id)(scope, receive, tagged)
        except Exception:
            logger.exception("request failed", path=scope["path"], method=scope["method"])
            if status:
                raise
            await _unexpected(request_id)(scope, receive, tagged)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            seconds = time.perf_counter() - started
            self.metrics.observe(scope["method"], route, status, seconds)
            logger.debug("answered", method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 2))


class Doors:
    """The hot paths: their requests go by `edge` straight to their route."""

    def __init__(self, routes: list[Route], edge: ASGIApp) -> None:
        self.edge = edge
        self.exact = {
            (method, route.path): route
            for route in routes
            if not route.param_convertors
            for method in route.methods or ()
        }
        self.others = [route for route in routes if route.param_convertors]

    async def serve(self, app: Starlette, scope: Scope, receive: Receive, send: Send) -> bool:
        """Serve a request of `app` for one of the hot paths; False when it is for none of them."""
        if scope["type"] != "http":
            return False
        method, path = scope["method"], scope["path"]
        found = None
        if (route := self.exact.get((method, path))) is None:
            for route in self.others:
                if method in (route.methods or ()) and (found := route.path_regex.match(path)):
                    break
            else:
                return False
        scope["app"], scope["route"], scope["path_params"] = app, route, found.groupdict() if found else {}
        await self.edge(scope, receive, send)
        return True


async def serve_door(scope: Scope, receive: Receive, send: Send) -> None:
    """The route that `Doors` found."""
    await scope["route"].app(scope, receive, send)


def _unexpected(request_id: str) -> JsonResponse:
    error = {
        "code": "INTERNAL_ERROR",
        "message": "Something went wrong on our side. Quote the request id.",
        "details": {},
    }
    return JsonResponse({"success": False, "error": {**error, "requestId": request_id}}, 500)


def _request_id(request: Request) -> str:
    return str(request.scope["state"]["request_id"])


async def _failed(request: Request, failure: Exception) -> Response:
    assert isinstance(failure, Failure)
    return envelope(failure, _request_id(request))


async def _misshapen(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problems = [
        {"field": ".".join(str(part) for part in problem["loc"][1:]) or "body", "reason": problem["msg"]}
        for problem in error.errors()[:20]
    ]
    first = problems[0]
    return envelope(Invalid(f"{first['field']}: {first['reason']}", **first, problems=problems), _request_id(request))


async def _unrouted(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, Failure):  # ours, wrapped by the framework while it read the body
        return envelope(error.__cause__, _request_id(request))
    if error.status_code == 404:
        return envelope(NotFound(f"Nothing answers at {request.url.path!r}."), _request_id(request))
    failure = Failure(str(error.detail), code="METHOD_NOT_ALLOWED" if error.status_code == 405 else "HTTP_ERROR")
    response = envelope(failure, _request_id(request))
    response.status_code = error.status_code
    response.headers.update(error.headers or {})
    return response


def answer_failures(app: FastAPI) -> None:
    """Turn every failure into the envelope."""
    app.add_exception_handler(Failure, _failed)
    app.add_exception_handler(RequestValidationError, _misshapen)
    app.add_exception_handler(HTTPException, _unrouted)
