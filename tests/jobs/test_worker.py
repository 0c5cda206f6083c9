"""Starting and stopping, and what that costs those who do not run jobs."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from backend.core.clock import FrozenClock
from backend.core.db import Database
from backend.core.errors import Unavailable
from backend.jobs.worker import Worker, system_url
from backend.work import Work
from tests.jobs import sample
from tests.jobs.conftest import Desk


def test_the_library_is_not_imported_before_jobs_run() -> None:
    heavy = "{'dbos', 'croniter', 'psycopg'}"
    program = f"import sys, backend.jobs.router, backend.jobs.worker; print({heavy} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "set()"


async def test_jobs_written_while_it_starts_run_when_it_has(
    database: Database, url: str, clock: FrozenClock, desk: Desk, tmp_path: Path
) -> None:
    worker = Worker(database, clock, database_url=url, runtime=None, businesses=lambda _session: [])
    worker.start_soon()
    await asyncio.sleep(0)
    assert worker.state == "starting"
    with pytest.raises(Unavailable):
        worker.must_run()
    await desk(Work.enqueue, sample.jot, folder=str(tmp_path), line="early")
    worker.wake()
    async with asyncio.timeout(10):
        while not sample.lines(tmp_path):  # noqa: ASYNC110 - it shows in a file
            await asyncio.sleep(0.01)
    await worker.stop()
    assert str(worker.state) == "stopped"


async def test_a_worker_can_start_again_in_the_same_process(
    database: Database, url: str, clock: FrozenClock, desk: Desk, tmp_path: Path
) -> None:
    for line in ("first", "second"):
        worker = Worker(database, clock, database_url=url, runtime=None, businesses=lambda _session: [])
        await worker.start()
        await desk(Work.enqueue, sample.jot, folder=str(tmp_path), line=line)
        await worker.drain()
        await worker.stop()
    assert sample.lines(tmp_path) == ["first", "second"]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_a_worker_that_is_to_start_later_stops_at_once_and_was_never_there(
    database: Database, url: str, clock: FrozenClock
) -> None:
    worker = Worker(database, clock, database_url=url, runtime=None, businesses=lambda _session: [])
    worker.start_soon(3_600)
    await asyncio.sleep(0)
    assert worker.state == "starting"
    async with asyncio.timeout(10):
        await worker.stop()
    assert str(worker.state) == "stopped"
    assert not hasattr(worker.engine, "_thread")


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_a_worker_that_cannot_start_says_so_and_stops(
    database: Database, clock: FrozenClock, tmp_path: Path
) -> None:
    nowhere = f"sqlite:///{tmp_path / 'no' / 'such' / 'folder' / 'app.db'}"
    worker = Worker(database, clock, database_url=nowhere, runtime=None, businesses=lambda _session: [])
    worker.start_soon()
    async with asyncio.timeout(10):
        while worker.state in ("off", "starting"):  # noqa: ASYNC110 - what the console sees is the state
            await asyncio.sleep(0.01)
    assert worker.state == "failed"
    await worker.stop()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("sqlite:////data/holdfast.db", "sqlite:////data/holdfast.jobs.db"),
        ("sqlite:///holdfast.db", "sqlite:///holdfast.jobs.db"),
        ("postgresql+asyncpg://u:p@h/db?x=1", "postgresql://u:p@h/db?x=1"),
        ("postgres://u@h/db", "postgresql://u@h/db"),
    ],
)
def test_where_the_library_keeps_its_tables(given: str, kept: str) -> None:
    assert system_url(given) == kept


async def test_draining_leaves_nothing_that_is_due(
    database: Database, url: str, clock: FrozenClock, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though it took nothing when it looked, because all slots were taken then: what waits for a slot is due too."""
    worker = Worker(database, clock, database_url=url, runtime=None, businesses=lambda _session: [])
    await worker.start()
    for task in worker._tasks:  # nobody else takes any
        task.cancel()
    for number in range(6):
        await desk(Work.enqueue, sample.jot, folder=str(tmp_path), line=f"{number}")
    looks, take = iter([0]), worker.relay.take

    async def look() -> int:
        first = next(looks, None)
        return await take() if first is None else first

    monkeypatch.setattr(worker.relay, "take", look)
    await worker.drain()
    assert len(sample.lines(tmp_path)) == 6
    await worker.stop()
