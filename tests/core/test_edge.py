"""The edge of HTTP: a body that trickles is not waited for."""

import asyncio
from typing import Any

import orjson
import pytest

from tests.support.backend import Backend


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
    assert orjson.loads(sent[1]["body"])["error"]["code"] == "TOO_SLOW"
