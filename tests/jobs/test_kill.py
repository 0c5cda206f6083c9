"""Processes that die: nothing is lost, and nothing runs twice at a time."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from backend.core import processes
from backend.core.clock import FrozenClock
from backend.core.db import Database
from backend.core.ids import new_id
from backend.jobs.janitor import Janitor
from backend.jobs.models import DeadLetter, Executor, PendingJob
from backend.jobs.worker import Worker
from backend.work import Work
from tests.jobs import sample
from tests.jobs.conftest import Desk

Start = Callable[[], Awaitable["subprocess.Popen[bytes]"]]


async def until(happened: Callable[[], bool], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not happened():  # noqa: ASYNC110 - what other processes do sets no event
            await asyncio.sleep(0.02)


@pytest_asyncio.fixture
async def start(url: str, tmp_path: Path) -> AsyncIterator[Start]:
    """Start processes that run jobs on the same database; they are killed at the end."""
    started: list[subprocess.Popen[bytes]] = []

    async def start() -> "subprocess.Popen[bytes]":
        process: subprocess.Popen[bytes] = sample.process(url, tmp_path)
        started.append(process)
        await until(lambda: str(process.pid) in sample.lines(tmp_path / "ready"))
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


async def test_a_job_killed_in_its_midst_is_finished_once_by_another_process(
    start: Start, desk: Desk, tmp_path: Path
) -> None:
    first = await start()
    await desk(Work.enqueue, sample.linger, folder=str(tmp_path), seconds=0.2)
    await until(lambda: sample.lines(tmp_path) == [f"begin {first.pid}"])
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    second = await start()
    await until(lambda: len(sample.lines(tmp_path)) >= 3)
    await asyncio.sleep(0.5)
    assert sample.lines(tmp_path) == [f"begin {first.pid}", f"begin {second.pid}", f"end {second.pid}"]
    assert await desk.rows(PendingJob) == [] == await desk.rows(DeadLetter)


async def test_of_processes_that_see_a_death_one_takes_the_job(start: Start, desk: Desk, tmp_path: Path) -> None:
    first = await start()
    await desk(Work.enqueue, sample.linger, folder=str(tmp_path), seconds=1)
    await until(lambda: len(sample.lines(tmp_path)) == 1)
    others = {str((await start()).pid), str((await start()).pid)}
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    await until(lambda: any(line.startswith("end") for line in sample.lines(tmp_path)))
    await asyncio.sleep(1)  # the other's next sweeps find nothing
    begun, again, ended = sample.lines(tmp_path)
    assert begun == f"begin {first.pid}"
    assert again.split()[1] == ended.split()[1] in others


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_a_job_that_kills_its_process_is_buried_after_three_recoveries(
    start: Start, url: str, desk: Desk, tmp_path: Path
) -> None:
    await desk(Work.enqueue, sample.kill, folder=str(tmp_path))
    for deaths in (1, 2, 3, 4):
        process = sample.process(url, tmp_path)
        await until(lambda process=process: process.poll() is not None)  # type: ignore[misc]
        assert len(sample.lines(tmp_path)) == deaths
    await start()
    async with asyncio.timeout(15):
        while not (letters := await desk.rows(DeadLetter)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert [letter.job for letter in letters] == ["jobs.kill"]
    assert len(sample.lines(tmp_path)) == 4


async def test_a_stop_leaves_what_runs_to_the_next_process(
    worker: Worker, start: Start, desk: Desk, tmp_path: Path
) -> None:
    await desk(Work.enqueue, sample.linger, folder=str(tmp_path), seconds=0.1)
    worker.wake()
    await until(lambda: len(sample.lines(tmp_path)) == 1)
    await worker.stop(grace_seconds=0.05)
    assert await desk.rows(Executor) == []
    second = await start()
    await until(lambda: f"end {second.pid}" in sample.lines(tmp_path))
    assert len(sample.lines(tmp_path)) == 3


async def test_a_stop_waits_for_what_runs(worker: Worker, desk: Desk, tmp_path: Path) -> None:
    sample.note(str(tmp_path), "first")
    sample.note(str(tmp_path), "second")
    await desk(Work.enqueue, sample.linger, folder=str(tmp_path), seconds=0.3)
    worker.wake()
    await until(lambda: len(sample.lines(tmp_path)) == 3)
    await worker.stop(grace_seconds=5)
    assert sample.lines(tmp_path)[-1] == f"end {os.getpid()}"


@pytest.mark.parametrize("beats", [True, False])
async def test_a_silent_process_is_dead_only_after_being_watched(
    worker: Worker, database: Database, desk: Desk, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch, beats: bool
) -> None:
    """Also when its last beat is a year old by the clock, as after a laptop slept."""
    monkeypatch.setattr(processes, "DEAD_AFTER_SECONDS", 0.2)
    other = Janitor(database, clock, worker.engine, new_id())
    other._watch.place = "elsewhere"
    await other.beat()
    clock.advance(days=365)
    await worker.janitor.sweep()
    assert len(await desk.rows(Executor)) == 2
    for _ in range(6):
        await asyncio.sleep(0.06)
        if beats:
            await other.beat()
        await worker.janitor.sweep()
    assert len(await desk.rows(Executor)) == (2 if beats else 1)
