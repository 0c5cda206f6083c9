"""The edge of HTTP: a body that trickles is not waited for."""

import asyncio
from typing import Any

import httpx
import orjson
import pytest

from tests.support.backend import Backend

GIVEN = {
    "0192f6c4-1:a/b=.+": True,
    "x" * 64: True,
    "x" * 65: False,
    "asha@example.com": False,
    "Asha Rao": False,
    "": False,
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_only_an_id_is_taken_for_the_id_of_a_request(backend: Backend) -> None:
    """It stays in the audit, which forgets nobody."""
    transport = httpx.ASGITransport(backend.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://holdfast") as http:
        for given, is_taken in GIVEN.items():
            answer = await http.get("/health", headers={"X-Request-Id": given})
            assert (answer.headers["x-request-id"] == given) is is_taken, given


@pytest.mark.parametrize("path", ["/api/auth/login", "/friction/signals"])
async def test_a_body_that_does_not_come_is_given_up(
    backend: Backend, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.core.http.BODY_SECONDS", 0.2)
    key = (await backend.key()).transport.api_key or ""
    sent: list[dict[str, Any]] = []

    async def trickle() -> dict[str, Any]:
        await asyncio.sleep(0.05)
        return {"type": "http.request", "body": b" ", "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json"), (b"x-api-key", key.encode())]
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
    }
    scope |= {"path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": headers}
    async with asyncio.timeout(3):
        await backend.app({**scope, "client": ("127.0.0.1", 1), "server": ("holdfast", 80)}, trickle, send)
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"], "what is still to come is not waited for"
    assert orjson.loads(sent[1]["body"])["error"]["code"] == "TOO_SLOW"
