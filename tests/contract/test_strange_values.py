"""Values that look right and are not: each is refused in words or answered, none ends in a 500."""

import base64
import json
from typing import Any

import orjson
import pytest

from backend.client import Client
from tests.support.backend import Backend
from tests.support.incidences import open_case

OPEN = {"userId": "b", "stage": "PRE_ORDER", "channel": "IN_APP_CHAT", "trigger": "USER_INITIATED"}
U64 = 2**64 - 1


async def ask(client: Client, method: str, path: str, body: Any = None, raw: bytes | None = None) -> Any:
    headers = {**client.transport.headers, "content-type": "application/json"}
    content = json.dumps(body).encode() if raw is None and body is not None else raw
    return await client.transport._http.request(method, path, content=content, headers=headers)


def cursor(*values: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(list(values))).decode().rstrip("=")


@pytest.mark.parametrize(
    "path",
    [
        f"/incidences?cursor={cursor('abc', 'x')}",
        f"/incidences?cursor={cursor(True, 'x')}",
        f"/incidences?cursor={cursor(U64, 'x')}",
        f"/incidences?cursor={cursor(1, 2)}",
        f"/incidences?sort=updated&cursor={cursor(1, 'x')}",
        f"/incidences?sort=updated&cursor={cursor({'at': '2026-01-01T00:00:00'}, 'x')}",
        f"/api/audit?cursor={cursor(U64)}",
        f"/api/customers/anita/timeline?cursor={cursor(U64)}",
        f"/api/customers?sort=created&cursor={cursor({'at': '0001-01-01T00:00:00+23:00'}, 'x')}",
        f"/incidences/INC-1/timeline?cursor={'²'}",
        "/api/jobs?cursor=w|0001-01-01T00:00:00+23:00|x",
    ],
)
async def test_cursors_that_nobody_gave(backend: Backend, path: str) -> None:
    owner = await backend.owner()
    await open_case(owner, "anita")
    if "/jobs" in path:
        await backend.drain()
    response = await ask(owner, "GET", path)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "VALIDATION_ERROR"), response.text


async def test_digits_that_are_no_numbers(backend: Backend) -> None:
    owner = await backend.owner()
    assert (await ask(owner, "GET", "/incidences/INC-²")).status_code == 404
    assert (await ask(owner, "GET", "/incidences?q=²")).json()["items"] == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/incidences", {**OPEN, "eventType": "E" * 33}),
        ("POST", "/incidences", {**OPEN, "userInputs": {"a": 10**30}}),
        ("POST", "/incidences", {**OPEN, "userInputs": {"a": [float("inf")]}}),
        ("PATCH", "/incidences/INC-1", {"version": 1, "snoozedUntil": "9999-12-31T23:59:59-12:00"}),
        ("PATCH", "/api/customers/anita", {"version": 1, "pastOrderCount": 10**30}),
        ("PATCH", "/api/users/me", {"avatarUrl": "https://x.example/" + "a" * 500}),
        ("POST", "/api/auth/signup", {"email": "a\x9b31m@b.co", "password": "correct horse", "name": "x"}),
        ("POST", "/api/auth/signup", {"email": "a\u202e@b.co", "password": "correct horse", "name": "x"}),
        ("PUT", "/context/anita/cart", {"cartItems": [], "selectedPlatter": {"a": 10**30}}),
        ("PUT", "/context/anita/cart", {"cartItems": [], "eventType": "E" * 33}),
        ("POST", "/friction/detect", {"inactivitySeconds": float("inf")}),
        ("POST", "/friction/detect", {"backNavigationCount": 10**4000}),
    ],
)
async def test_values_that_no_field_holds(backend: Backend, method: str, path: str, body: Any) -> None:
    owner = await backend.owner()
    await open_case(owner, "anita")
    response = await ask(owner, method, path, body)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "VALIDATION_ERROR"), response.text


async def test_texts_that_grow_when_they_are_normalised(backend: Backend) -> None:
    """Each of these letters is two in normal form; SQLite has room, PostgreSQL says what is wrong."""
    response = await ask(await backend.owner(), "POST", "/incidences", {**OPEN, "summary": "\u0958" * 200})
    assert response.status_code == (201 if backend.url.startswith("sqlite") else 400), response.text


async def test_a_platter_is_cleaned_and_bounded(backend: Backend) -> None:
    owner = await backend.owner()
    platter = {"na\x00me": "Royal\x00\x1b[31m\ud800"}
    cleaned = await ask(owner, "PUT", "/context/anita/cart", {"cartItems": [], "selectedPlatter": platter})
    assert cleaned.json()["selectedPlatter"] == {"name": "Royal[31m"}
    deep = b'{"cartItems":[],"selectedPlatter":' + b'{"a":' * 900 + b"1" + b"}" * 901
    assert (await ask(owner, "PUT", "/context/anita/cart", raw=deep)).status_code == 400


@pytest.mark.parametrize("path", ["/incidences", "/context/anita/signals", "/channel/route", "/api/auth/login"])
async def test_a_body_nested_without_end(backend: Backend, path: str) -> None:
    deep = b'{"userInputs":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert (await ask(await backend.owner(), "POST", path, raw=deep)).status_code == 400
