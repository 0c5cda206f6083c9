"""A job whose end the job library cannot write down, as on a full disk, goes on once it can; and nothing runs twice at once."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from sqlalchemy.exc import OperationalError

from backend.core.clock import FrozenClock
from backend.core.db import Database
from backend.jobs.models import DeadLetter, PendingJob
from backend.jobs.worker import Worker, system_url
from backend.work import Work
from tests.jobs import sample
from tests.jobs.conftest import Desk

STEP, END = "INSERT ON operation_outputs", "UPDATE OF status ON workflow_status"
WELL = ("SUCCESS", "None")


class Disk:
    """The one under the job library's tables, which refuses to write what became of jobs: a step, or the end."""

    def __init__(self, url: str) -> None:
        self._url = system_url(url)
        self._is_sqlite = self._url.startswith("sqlite")

    def fill(self, what: str) -> None:
        when = "WHEN (NEW.status IN ('SUCCESS', 'ERROR'))" if what == END else ""
        if self._is_sqlite:
            no = "SELECT RAISE(ABORT, 'database or disk is full')"
            self._say(f"CREATE TRIGGER no_disk BEFORE {what} {when} BEGIN {no}; END")
        else:
            no = "BEGIN RAISE 'no disk' USING ERRCODE = 'io_error'; END"
            self._say(f"CREATE FUNCTION no_disk() RETURNS trigger LANGUAGE plpgsql AS $${no}$$")
            self._say(f"CREATE TRIGGER no_disk BEFORE {what} FOR EACH ROW {when} EXECUTE FUNCTION no_disk()")

    def mend(self) -> None:
        self._say("DROP TRIGGER no_disk" if self._is_sqlite else "DROP FUNCTION no_disk CASCADE")

    def _say(self, statement: str) -> None:
        if self._is_sqlite:
            with closing(sqlite3.connect(self._url.removeprefix("sqlite:///"))) as connection, connection:
                connection.execute(statement)
        else:
            with psycopg.connect(self._url, options="-c search_path=jobs") as connection:
                connection.execute(statement.encode())


@pytest_asyncio.fixture
async def worker(database: Database, url: str, clock: FrozenClock) -> AsyncIterator[Worker]:
    """Without a janitor beside the test's own."""
    worker = Worker(database, clock, database_url=url, runtime=None, businesses=lambda _session: [])
    await worker.start(by_hand=True)
    yield worker
    await worker.stop(grace_seconds=0)


@pytest.fixture
def disk(url: str) -> Disk:
    return Disk(url)


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not happened():  # noqa: ASYNC110 - what happens shows in a file
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(("what", "tries"), [(STEP, [1, 1, 2]), (END, [1, 2])])
async def test_a_job_goes_on_once_the_disk_under_the_job_library_works_again(
    worker: Worker, desk: Desk, clock: FrozenClock, disk: Disk, tmp_path: Path, what: str, tries: list[int]
) -> None:
    disk.fill(what)
    await desk(Work.enqueue, sample.stumble, folder=str(tmp_path), times=1)
    await worker.relay.take()
    await worker.relay.ended()
    disk.mend()
    assert not await worker.engine.is_idle(), "it counts as running"
    assert [await worker.janitor.sweep() for _ in range(2)] == [0, 1]
    await worker.drain()
    assert await worker.janitor.sweep() == 0
    clock.advance(hours=1)
    await worker.drain()
    assert sample.lines(tmp_path) == [f"attempt {number}" for number in tries]
    assert await desk.rows(PendingJob) == [] == await desk.rows(DeadLetter)


@pytest.mark.parametrize("method", ["record_operation_result", "update_workflow_outcome"])
@pytest.mark.parametrize("is_down", [False, True])
async def test_that_an_end_could_not_be_written_down_is_not_how_a_job_ended(
    worker: Worker,
    desk: Desk,
    clock: FrozenClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    is_down: bool,
) -> None:
    """The disk refuses once: the library could write that error down where the end of the job belongs."""
    tables: Any = worker.engine._library._sys_db
    write, refused = getattr(tables, method), []

    def once(*args: Any, **kwargs: Any) -> Any:
        if not refused:
            refused.append(args)
            raise OperationalError("UPDATE", {}, sqlite3.OperationalError("database or disk is full"))
        return write(*args, **kwargs)

    monkeypatch.setattr(tables, method, once)
    await desk(Work.enqueue, sample.stumble, folder=str(tmp_path), times=9 if is_down else 0)
    await worker.relay.take()
    await worker.relay.ended()
    async with asyncio.timeout(20):
        for _ in range(3):
            await worker.janitor.sweep()
            await worker.janitor.sweep()
            await worker.drain()
            clock.advance(hours=1)
    ended = sorted((record.status, str(record.error)) for record in await worker.engine.records())
    assert ended == ([("ERROR", f"Unavailable: down {number}") for number in (1, 2, 3)] if is_down else [WELL])
    assert [letter.error for letter in await desk.rows(DeadLetter)] == (["Unavailable: down 3"] if is_down else [])


async def test_what_runs_here_is_left_alone_and_what_was_taken_up_again_too(
    worker: Worker, desk: Desk, disk: Disk, tmp_path: Path
) -> None:
    sample.note(str(tmp_path), "first")
    disk.fill(STEP)
    await desk(Work.enqueue, sample.linger, folder=str(tmp_path), seconds=0)
    await worker.relay.take()
    await worker.relay.ended()
    disk.mend()
    (tmp_path / "log").unlink()  # the next one takes for ever
    for _ in range(2):
        await worker.janitor.sweep()
    await until(lambda: len(sample.lines(tmp_path)) == 1)
    assert [await worker.janitor.sweep() for _ in range(3)] == [0, 0, 0]
    assert sample.lines(tmp_path) == [f"begin {os.getpid()}"]
