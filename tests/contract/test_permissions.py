"""The table of who may call what, walked path by path: what it says is what happens, and nothing is beside it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import Match, Route

from backend import slices
from backend.app import create_app, routes_of
from backend.client import Client
from backend.core.errors import Forbidden
from backend.identity.permissions import ROLES, SCOPES, TABLE, Access
from backend.identity.schemas import KeyCreate
from backend.runtime import Runtime
from tests.contract.asking import NOWHERE, askings, wrong_envelope
from tests.support.backend import Backend

pytestmark = pytest.mark.alike

NO_DOCUMENT: dict[str, Any] = {"paths": {}}
"""Who may not come in is told so whatever they send."""
Wanted = Callable[[Access], set[int] | None]
"""The statuses that are right for a path; None when anything but 401, 403 and 5xx is."""


async def walk(backend: Backend, client: Client, wanted: Wanted) -> list[Any]:
    """Where the answers differ from what is wanted."""
    wrong = []
    for one in askings(NO_DOCUMENT, NOWHERE, {}):
        method, path, response = one.method, one.template, await one.send(backend, client)
        statuses, status = wanted(one.access), response.status_code
        if path.startswith("/webhooks/"):  # the signature is the permission, and there is none
            statuses = {200} if method == "HEAD" else {401, 403, 503}
        fits = status in statuses if statuses else status not in (401, 403) and status < 500
        if not fits or wrong_envelope(method, response):
            wrong.append((method, path, status, wrong_envelope(method, response)))
    return wrong


async def test_without_credentials_only_open_paths_answer(backend: Backend) -> None:
    wanted: Wanted = lambda access: None if access.is_open else {401}  # noqa: E731
    wrong = await walk(backend, await backend.anonymous(), wanted)
    # A line admits who brings a token or key in the first frame, and closes on everybody else.
    assert [one for one in wrong if (one[0], one[2]) != ("WS", 101)] == []


@pytest.mark.parametrize("token", ["garbage", "a.b.c", "Bearer"])
async def test_a_garbage_token_opens_nothing(backend: Backend, token: str) -> None:
    client = backend.client()
    client.transport.access_token = token
    assert await walk(backend, client, lambda access: None if access.is_open else {401}) == []


async def test_an_expired_token_opens_nothing(backend: Backend) -> None:
    owner = await backend.owner()
    backend.clock.advance(days=8)
    assert await walk(backend, owner, lambda access: None if access.is_open else {401}) == []


async def test_a_key_without_a_scope_is_told_which(backend: Backend) -> None:
    client = await backend.key(*(scope for scope in SCOPES if scope != "track"))
    response = await client.transport._http.post("/api/track", json={}, headers=client.transport.headers)
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["details"]) == (403, "SCOPE_MISSING", {"scope": "track"})


async def test_a_revoked_key_opens_nothing(backend: Backend) -> None:
    owner = await backend.owner()
    created = await owner.keys.create(KeyCreate(name="web"))
    await owner.keys.revoke(created.id)
    client = backend.client(api_key=created.key)
    assert await walk(backend, client, lambda access: None if access.is_open else {401}) == []


async def test_the_table_and_the_app_have_the_same_paths(backend: Backend) -> None:
    assert routes_of(backend.app) == set(TABLE)


async def test_no_route_hides_another(backend: Backend) -> None:
    routes = [route for route in backend.app.routes if isinstance(route, Route)]
    for route in routes:
        for method in route.methods or ():
            scope = {"type": "http", "path": re.sub(r"{[^}]+}", "x", route.path), "method": method, "headers": []}
            assert next(one for one in routes if one.matches(scope)[0] is Match.FULL) is route, (method, route.path)


def unlisted(route: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make slices have one more router with `route`."""

    class Module:
        router = APIRouter(routes=[route])

    load = slices.load
    monkeypatch.setattr(slices, "load", lambda part: [*load(part), *([Module] if part == "router" else [])])


@pytest.mark.parametrize("path", ["/unlisted", "/api/track"])
async def test_the_app_refuses_to_start_with_a_route_that_is_not_listed(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    async def endpoint(request: Any) -> None:
        raise AssertionError

    unlisted(Route(path, endpoint, methods=["DELETE"]), monkeypatch)
    with pytest.raises(RuntimeError, match=path):
        create_app(Runtime.build(backend.settings), run_jobs=False)


async def test_the_app_refuses_to_start_with_a_route_that_passes_by_the_gate(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def endpoint() -> None:
        raise AssertionError

    unlisted(APIRoute("/api/jobs", endpoint), monkeypatch)
    with pytest.raises(RuntimeError, match=r"pass by the gate.*/api/jobs"):
        create_app(Runtime.build(backend.settings), run_jobs=False)


async def test_what_is_in_no_table_is_for_nobody(backend: Backend) -> None:
    owner = await backend.owner()
    with pytest.raises(Forbidden):
        await backend.runtime.gate.enter("GET", "/unlisted", owner.transport.headers, {})


def test_every_scope_opens_something_and_every_scope_is_known() -> None:
    used = {access.scope for access in TABLE.values() if access.scope}
    assert used <= set(SCOPES)
    assert all(access.is_open or access.roles or access.scope for access in TABLE.values())


def test_each_role_may_all_that_the_ones_below_may() -> None:
    for access in TABLE.values():
        assert access.roles == () or access.roles == ROLES[ROLES.index(access.roles[0]) :]
