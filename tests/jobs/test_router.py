"""What an admin sees of jobs, and can do to them, over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI, Request

from backend.core.clock import FrozenClock
from backend.core.http import answer_failures
from backend.events.event import SYSTEM
from backend.identity.gate import Caller
from backend.jobs.repository import Cursor
from backend.jobs.router import router
from backend.jobs.worker import Worker
from backend.unit import RequestUnits, _unit
from backend.work import Work
from tests.jobs import sample
from tests.jobs.conftest import BUSINESS, Desk
from tests.jobs.test_kill import until

pytestmark = pytest.mark.alike


@pytest_asyncio.fixture
async def http(worker: Worker, desk: Desk, clock: FrozenClock) -> AsyncIterator[httpx.AsyncClient]:
    """The jobs' routes for an admin of the business that the `business` header names."""
    app = FastAPI()
    app.include_router(router)
    answer_failures(app)
    runtime = SimpleNamespace(worker=worker, clock=clock, database=desk.database, gate=SimpleNamespace(enter=nobody))
    app.state.runtime = runtime

    def unit(request: Request) -> Any:
        request.scope.setdefault("state", {})["request_id"] = "r"
        caller: Any = SimpleNamespace(business_id=request.headers.get("business", BUSINESS), actor=SYSTEM)
        assert hasattr(Caller, "__dataclass_fields__")
        return RequestUnits(app.state.runtime, caller, "r", None)

    app.dependency_overrides[_unit] = unit
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


async def nobody(*_asked: Any) -> None:
    """The gate of a test that has members of its own."""


async def listed(http: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    answer = await http.get("/api/jobs", params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_every_state_of_a_job_is_listed_and_only_to_its_business(
    http: httpx.AsyncClient, worker: Worker, desk: Desk, clock: FrozenClock, tmp_path: Path
) -> None:
    folder = str(tmp_path)
    await desk(Work.enqueue, sample.jot, folder=folder, line="done")
    await desk(Work.enqueue, sample.stumble, folder=folder, times=1)
    await desk(Work.enqueue, sample.refuse, folder=folder, typed=True)
    await desk(Work.enqueue, sample.jot, folder=folder, line="secret", business="other")
    await worker.drain()
    await desk(Work.enqueue, sample.jot, folder=folder, line="later", at=clock.now().replace(year=2030))

    seen = {item["name"]: item["status"] for item in await listed(http) if item["status"] != "waiting"}
    assert seen == {"jobs.jot": "succeeded", "jobs.stumble": "retrying", "jobs.refuse": "failed"}
    (waiting,) = await listed(http, status="waiting")
    assert (waiting["attempts"], waiting["dueAt"][:4]) == (0, "2030")
    (retrying,) = await listed(http, status="retrying")
    assert (retrying["attempts"], retrying["error"]) == (1, "Unavailable: down 1")
    (failed,) = await listed(http, status="failed")
    assert failed["error"].startswith("GiveUp")
    assert "secret" not in (await http.get("/api/jobs")).text
    (others,) = (await http.get("/api/jobs", headers={"business": "other"})).json()["items"]
    assert others["args"]["line"] == "secret"
    for verb in ("retry", "cancel"):
        answer = await http.post(f"/api/jobs/{failed['id']}/{verb}", headers={"business": "other"})
        assert answer.status_code == 404


async def test_pages_cover_everything_once(
    http: httpx.AsyncClient, worker: Worker, desk: Desk, clock: FrozenClock, tmp_path: Path
) -> None:
    for number in range(7):
        await desk(Work.enqueue, sample.jot, folder=str(tmp_path), line=str(number))
    await worker.drain()
    for number in range(5):
        later = clock.now().replace(year=2030)
        await desk(Work.enqueue, sample.jot, folder=str(tmp_path), line=f"later {number}", at=later)
    ids: list[str] = []
    cursor, pages = None, 0
    while pages == 0 or cursor:
        page = (await http.get("/api/jobs", params={"limit": 3} | ({"cursor": cursor} if cursor else {}))).json()
        ids += [item["id"] for item in page["items"]]
        cursor, pages = page["nextCursor"], pages + 1
        await desk(Work.enqueue, sample.jot, folder=str(tmp_path), line="meanwhile")
        await worker.drain()
    assert len(ids) == len(set(ids)) >= 12
    for nonsense in ("nonsense", "r|x|y", "r|99999999999999999999|", "w|yesterday|"):
        assert (await http.get("/api/jobs", params={"cursor": nonsense})).status_code == 400


async def test_a_waiting_job_can_be_hurried_or_forgotten(
    http: httpx.AsyncClient, worker: Worker, desk: Desk, clock: FrozenClock, tmp_path: Path
) -> None:
    later = clock.now().replace(year=2030)
    for line in ("first", "second"):
        await desk(Work.enqueue, sample.jot, folder=str(tmp_path), line=line, at=later)
    first, second = await listed(http)
    assert (await http.post(f"/api/jobs/{first['id']}/retry")).status_code == 202
    assert (await http.post(f"/api/jobs/{second['id']}/cancel")).status_code == 202
    await worker.drain()
    assert sample.lines(tmp_path) == ["first"]
    assert (await http.post(f"/api/jobs/{second['id']}/cancel")).status_code == 404
    assert (await http.post(f"/api/jobs/{first['id']}/cancel")).status_code == 409
    assert (await http.post(f"/api/jobs/{first['id']}/retry")).status_code == 409


async def test_a_running_job_can_be_cancelled_and_run_again_once(
    http: httpx.AsyncClient, worker: Worker, desk: Desk, tmp_path: Path
) -> None:
    await desk(Work.enqueue, sample.linger, folder=str(tmp_path), seconds=0.01)
    worker.wake()
    await until(lambda: len(sample.lines(tmp_path)) == 1)
    (running,) = await listed(http, status="running")
    assert (await http.post(f"/api/jobs/{running['id']}/retry")).status_code == 409
    assert (await http.post(f"/api/jobs/{running['id']}/cancel")).status_code == 202
    await until(lambda: worker.relay.running == 0)
    (cancelled,) = await listed(http)
    assert cancelled["status"] == "cancelled"
    again = await http.post(f"/api/jobs/{running['id']}/retry")
    assert again.status_code == 202
    await worker.drain()
    assert len(sample.lines(tmp_path)) == 3
    assert (await http.post(f"/api/jobs/{running['id']}/retry")).json()["error"]["code"] == "ALREADY_REPLAYED"
    assert {item["id"]: item["status"] for item in await listed(http)} == {
        running["id"]: "cancelled",
        again.json()["id"]: "succeeded",
    }


async def test_a_dead_letter_is_replayed_once_from_either_list(
    http: httpx.AsyncClient, worker: Worker, desk: Desk, tmp_path: Path
) -> None:
    await desk(Work.enqueue, sample.refuse, folder=str(tmp_path), typed=True)
    await worker.drain()
    (letter,) = (await http.get("/api/dead-letters")).json()["items"]
    assert letter["replayedAt"] is None
    assert (await http.get("/api/dead-letters", headers={"business": "other"})).json()["items"] == []
    assert (await http.post(f"/api/jobs/{letter['jobId']}/retry")).status_code == 202
    assert (await http.post(f"/api/dead-letters/{letter['id']}/replay")).status_code == 409
    await worker.drain()
    newer, older = (await http.get("/api/dead-letters")).json()["items"]
    assert (newer["attempts"], older["id"]) == (2, letter["id"])
    page = (await http.get("/api/dead-letters", params={"limit": 1})).json()
    assert page["items"] == [newer]
    assert (await http.get("/api/dead-letters", params={"cursor": page["nextCursor"]})).json()["items"] == [older]
    replayed = await http.post(f"/api/dead-letters/{newer['id']}/replay")
    assert replayed.json()["replayedAt"] is not None


async def test_where_no_jobs_run_it_says_so(http: httpx.AsyncClient, worker: Worker) -> None:
    await worker.stop(grace_seconds=0)
    answer = await http.get("/api/jobs")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "UNAVAILABLE")


@pytest.mark.parametrize("text", ["r|1795198511109|0190", "w|2026-03-02T09:00:00.000000Z|0190|x~2"])
def test_a_cursor_survives_the_wire(text: str) -> None:
    assert str(Cursor.parse(text)) == text
