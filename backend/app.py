"""`create_app`: the ASGI application, made of a runtime and the slices' routers."""

import asyncio
import gc
import sys
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic.warnings import UnsupportedFieldAttributeWarning
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from backend import openapi, slices
from backend.core.http import Doors, Edge, HttpMetrics, answer_failures, serve_door
from backend.health import router as health
from backend.identity.browsers import Across
from backend.identity.permissions import TABLE
from backend.runtime import Runtime
from backend.settings import VERSION
from backend.unit import Gated, Router

# FastAPI keeps it quiet where it makes a field of a route; ours are finished when they are first used.
warnings.filterwarnings("ignore", category=UnsupportedFieldAttributeWarning)
# FastAPI would load it (20 ms, 2 MB) to find that none of our types is of the Pydantic before this one.
sys.modules.setdefault("pydantic.v1", None)  # type: ignore[arg-type]

_YOUNG_OBJECTS = 5_000
"""Between two looks for garbage: sixty requests at work hold more than the 700 that are the default."""


_ASKED_MOST = ("/incidences", "/agent")
"""Routes are tried in turn, a microsecond or two each: the desk's come first."""


def create_app(runtime: Runtime, *, run_jobs: bool = True) -> FastAPI:
    """The whole backend over HTTP. With `run_jobs`, this process also runs jobs and timers."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await runtime.start(run_jobs=run_jobs)
        later = asyncio.get_running_loop().call_later(runtime.settings.jobs_after_seconds, _settle_memory)
        yield
        later.cancel()
        await runtime.close()

    app = _Application(
        title="Holdfast",
        version=VERSION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.runtime = runtime
    app.router.routes += [*_routes(), Route(openapi.PATH, openapi.OpenApi().answer)]
    answer_failures(app)
    edge: dict[str, Any] = {
        "metrics": HttpMetrics(runtime.registry, runtime.meters.responses),
        "max_body_bytes": runtime.settings.max_body_bytes,
    }
    edge["larger"] = {"/api/imports": runtime.settings.max_import_bytes}
    app.add_middleware(Edge, **edge)
    _open_doors(app, edge)
    _refuse_unlisted(app)
    return app


def _settle_memory() -> None:
    """What was made at start-up lives for ever; not walking it again halves the slowest answers."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS)
    gc.enable()


def _routes() -> list[BaseRoute]:
    """The routes of all slices. They know no runtime."""
    routers: list[Router] = [health, *(module.router for module in reversed(slices.load("router")))]  # type: ignore[attr-defined]
    routes = [route for router in routers for route in router.routes]
    return sorted(routes, key=lambda route: not getattr(route, "path", "").startswith(_ASKED_MOST))


def routes_of(app: FastAPI) -> set[tuple[str, str]]:
    """Every (method, path) that the app answers, WebSockets as WS; the OpenAPI document aside."""
    found: set[tuple[str, str]] = set()
    for route in app.routes:
        if isinstance(route, WebSocketRoute):
            found.add(("WS", route.path))
        elif isinstance(route, Route) and route.path != openapi.PATH:
            methods = route.methods or set()
            found |= {(method, route.path) for method in methods if method != "HEAD" or "GET" not in methods}
    return found


class _Application(FastAPI):
    """FastAPI with the slices' hot paths beside it: behind an edge of the same kind, but past all other middleware."""

    doors: Doors
    across: Across
    preflight: Edge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.across.serve(scope, receive, send, self._inside, self.preflight)

    async def _inside(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not await self.doors.serve(self, scope, receive, send):
            await FastAPI.__call__(self, scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        whole = super().openapi()
        for module in slices.load("openapi"):
            document = module.document()  # type: ignore[attr-defined]
            whole["paths"] |= document["paths"]
            whole["components"]["schemas"] |= document["components"]["schemas"]
        return whole


def _open_doors(app: _Application, edge: dict[str, Any]) -> None:
    """Hot paths of slices: bare ASGI routes."""
    routes: list[Route] = [route for module in slices.load("doors") for route in module.ROUTES]  # type: ignore[attr-defined]
    app.across = Across(app.state.runtime.gate)
    app.preflight = Edge(app.across.preflight, **edge)
    app.doors = Doors(routes, Edge(serve_door, **edge))
    app.router.routes[:0] = routes  # so that another method gets its 405, and the permission table is held to them


def _refuse_unlisted(app: FastAPI) -> None:
    if unlisted := routes_of(app) - TABLE.keys():
        raise RuntimeError(f"routes without a line in identity.permissions.TABLE: {sorted(unlisted)}")
    apart = [route.path for route in app.routes if isinstance(route, APIRoute) and not isinstance(route, Gated)]
    if apart:
        raise RuntimeError(f"routes that pass by the gate; make their router with backend.unit.Router: {apart}")
