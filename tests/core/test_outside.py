"""Calling other systems: however they answer, it ends, in bounded memory, and the token goes nowhere else."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from backend.core import outside
from backend.core.clock import FrozenClock
from backend.core.outside import Outside, Rest, Unclear
from backend.demo.outside.serve import served


class Vendor:
    """Answers /slow a byte at a time, /huge with far too much, and /away with a redirect to /there."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.paths.append(scope["path"])
        is_away = scope["path"] == "/away"
        headers = [(b"location", b"/there")] if is_away else []
        await send({"type": "http.response.start", "status": 302 if is_away else 200, "headers": headers})
        part, pause = {"/slow": (b" ", 0.05), "/huge": (b" " * 2**16, 0)}.get(scope["path"], (b"", 0))
        for _ in range(60 if part else 0):
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(pause)
        await send({"type": "http.response.body", "body": b"{}"})


@pytest.fixture
async def vendor() -> AsyncIterator[tuple[Vendor, Rest]]:
    here, double = Outside(FrozenClock()), Vendor()
    async with served(double) as url:
        token = {"Authorization": "Bearer tok"}
        yield double, Rest(here, url, token, title="Chat", account="a", per_minute=100)
        await here.close()


@pytest.mark.parametrize(
    ("path", "said"), [("/slow", "did not answer"), ("/huge", "more than"), ("/away", "answered 302")]
)
async def test_an_answer_that_is_none(
    vendor: tuple[Vendor, Rest], path: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    double, rest = vendor
    monkeypatch.setattr(outside, "TIMEOUT_SECONDS", 1.0 if path == "/slow" else 15.0)
    monkeypatch.setattr(outside, "_MOST_BYTES", 2**20)
    with pytest.raises(Unclear, match=said):
        async with asyncio.timeout(10):
            await rest.get(path)
    assert double.paths == [path]
