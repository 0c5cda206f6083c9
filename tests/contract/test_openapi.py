"""The document of the API is made once, by another process, and anew where that failed."""

import asyncio
import shutil
import sys

import httpx
import pytest

from tests.support.backend import Backend

ASKED = 5


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_document_is_made_once_beside_the_server(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = 0
    begin = asyncio.create_subprocess_exec

    async def counted(*command: str, **options: int) -> asyncio.subprocess.Process:
        nonlocal begun
        begun += 1
        return await begin(*command, **options)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", counted)
    transport = httpx.ASGITransport(backend.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://holdfast", timeout=60) as http:
        monkeypatch.setattr(sys, "executable", shutil.which("false"))
        refused = await http.get("/openapi.json")
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "UNAVAILABLE")
        monkeypatch.undo()
        monkeypatch.setattr(asyncio, "create_subprocess_exec", counted)
        answers = await asyncio.gather(*(http.get("/openapi.json") for _ in range(ASKED)))
        assert {answer.content for answer in answers} == {(await http.get("/openapi.json")).content}
    assert begun == 2
    assert answers[0].json() == backend.app.openapi()
