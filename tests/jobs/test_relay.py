"""From the outbox to its end: once, at its second, unless cancelled before."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from backend.core.clock import FrozenClock
from backend.core.db import Database
from backend.core.errors import Unavailable
from backend.events.models import EventRow
from backend.jobs.handed import Handed
from backend.jobs.models import DeadLetter, PendingJob
from backend.jobs.relay import SLOTS
from backend.jobs.worker import Worker
from backend.work import Work
from tests.jobs import sample
from tests.jobs.conftest import BUSINESS, Desk


async def test_the_same_id_handed_over_twenty_times_runs_once(worker: Worker, tmp_path: Path) -> None:
    args = {"folder": str(tmp_path), "line": "once"}
    handed = Handed("id-of-one-job", BUSINESS, "jobs.jot", args, None, "", 1, None)
    started = await asyncio.gather(*(worker.engine.begin(handed) for _ in range(20)))
    await worker.drain()
    assert sum(started) == 1
    assert await worker.engine.begin(handed) is False
    await worker.drain()
    assert sample.lines(tmp_path) == ["once"]


async def test_a_row_that_survives_its_hand_over_runs_once(
    worker: Worker, desk: Desk, database: Database, tmp_path: Path
) -> None:
    """As after a kill between the hand-over and the delete."""
    row = {"id": "kept", "business_id": BUSINESS, "job": "jobs.jot", "due_at": desk.clock.now(), "attempt": 1}
    args = {"folder": str(tmp_path), "line": "once"}
    for _ in range(3):
        await desk(lambda work: work.add(PendingJob(**row, args=args)))
        await worker.drain()
    assert sample.lines(tmp_path) == ["once"]
    assert await desk.rows(PendingJob) == []


async def test_each_event_runs_its_subscribers_once(worker: Worker, desk: Desk, tmp_path: Path) -> None:
    for _ in range(3):
        await desk(Work.emit, sample.SampleHappened(subject_id="s"))
    await worker.drain()
    assert sorted(sample.lines(tmp_path)) == ["1", "2", "3"]
    assert len(await desk.rows(EventRow)) == 3


async def test_a_unit_that_fails_wants_nothing(worker: Worker, desk: Desk, tmp_path: Path) -> None:
    def fail(work: Work) -> None:
        work.enqueue(sample.jot, folder=str(tmp_path), line="never")
        work.emit(sample.SampleHappened(subject_id="s"))
        raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError, match="changed my mind"):
        await desk(fail)
    await worker.drain()
    assert sample.lines(tmp_path) == []


async def test_a_delayed_job_runs_at_its_second_and_not_before(
    worker: Worker, desk: Desk, clock: FrozenClock, tmp_path: Path
) -> None:
    at = clock.now() + timedelta(minutes=5)
    await desk(Work.enqueue, sample.jot, at=at, folder=str(tmp_path), line="rang")
    clock.advance(minutes=4, seconds=59)
    await worker.drain()
    assert sample.lines(tmp_path) == []
    clock.advance(seconds=1)
    await worker.drain()
    assert sample.lines(tmp_path) == ["rang"]


async def test_a_key_cancels_and_replaces_only_in_its_own_business(
    worker: Worker, desk: Desk, clock: FrozenClock, tmp_path: Path
) -> None:
    def want(work: Work, line: str) -> None:
        work.enqueue(sample.jot, at=work.now + timedelta(hours=1), key="snooze", folder=str(tmp_path), line=line)

    await desk(want, "replaced")
    await desk(want, "kept")
    await desk(want, "other's", business="other")
    await desk(want, "cancelled", business="third")
    await desk(Work.cancel, "snooze", business="third")
    clock.advance(hours=1)
    await worker.drain()
    assert sorted(sample.lines(tmp_path)) == ["kept", "other's"]
    await desk(Work.cancel, "snooze")  # too late, and harmless


async def test_a_retry_gives_way_to_a_newer_job_of_its_key(
    worker: Worker, desk: Desk, clock: FrozenClock, tmp_path: Path
) -> None:
    await desk(Work.enqueue, sample.stumble, key="sync", folder=str(tmp_path), times=9)
    await worker.drain()
    await desk(Work.enqueue, sample.jot, key="sync", folder=str(tmp_path), line="newer")
    clock.advance(hours=1)
    await worker.drain()
    assert sample.lines(tmp_path) == ["attempt 1", "newer"]


async def test_a_job_that_fails_at_once_comes_back_however_slowly_others_start_beside_it(
    worker: Worker, desk: Desk, clock: FrozenClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = worker.engine.begin

    async def slowly(handed: Handed) -> bool:
        if handed.job == sample.jot.name:
            await asyncio.sleep(0.4)
        return await begin(handed)

    def both(work: Work) -> None:
        work.enqueue(sample.stumble, key="sync", folder=str(tmp_path), times=1)
        work.enqueue(sample.jot, folder=str(tmp_path), line="slow")

    monkeypatch.setattr(worker.engine, "begin", slowly)
    await desk(both)
    await worker.drain()
    clock.advance(hours=1)
    await worker.drain()
    assert sorted(sample.lines(tmp_path)) == ["attempt 1", "attempt 2", "slow"]


async def test_a_job_that_runs_waits_in_the_outbox_no_more(worker: Worker, desk: Desk, tmp_path: Path) -> None:
    """Nor does one that a process had started which died before it could delete the row."""
    handed: list[Handed] = []

    def want(work: Work) -> None:
        work.enqueue(sample.peek, key="peek", folder=str(tmp_path))
        work.session.flush()
        handed.append(Handed.of(work.session.query(PendingJob).one()))

    await desk(want)
    await worker.engine.begin(handed[0])
    async with asyncio.timeout(10):
        while len(sample.lines(tmp_path)) < 1:  # noqa: ASYNC110 - it shows in a file
            await asyncio.sleep(0.01)
    await worker.drain()
    await desk(want)
    await worker.drain()
    assert sample.lines(tmp_path) == ["0 wait", "0 wait"]


async def test_no_more_run_at_a_time_than_there_are_slots(worker: Worker, desk: Desk, tmp_path: Path) -> None:
    sample.note(str(tmp_path), "first")
    sample.note(str(tmp_path), "second")

    def many(work: Work) -> None:
        for _ in range(10):
            work.enqueue(sample.linger, folder=str(tmp_path), seconds=0.25)

    await desk(many)
    await worker.drain()
    running = most = 0
    for line in sample.lines(tmp_path)[2:]:
        running += 1 if line.startswith("begin") else -1
        most = max(most, running)
    assert (running, most) == (0, SLOTS["default"])


async def test_a_wake_runs_a_job_without_waiting_for_the_next_look(worker: Worker, desk: Desk, tmp_path: Path) -> None:
    await asyncio.sleep(0.05)  # the relay has looked and found nothing
    await desk(Work.enqueue, sample.jot, folder=str(tmp_path), line="soon")
    worker.wake()
    async with asyncio.timeout(0.8):  # the fallback is a second
        while not sample.lines(tmp_path):  # noqa: ASYNC110 - it shows in a file
            await asyncio.sleep(0.01)


async def test_a_job_of_another_release_waits_and_is_buried_after_an_hour(
    worker: Worker, desk: Desk, clock: FrozenClock
) -> None:
    row: dict[str, Any] = {"id": "x", "business_id": BUSINESS, "job": "gone.away", "args": {}, "due_at": clock.now()}
    await desk(lambda work: work.add(PendingJob(**row)))
    await worker.drain()
    await worker.janitor.sweep()
    assert len(await desk.rows(PendingJob)) == 1
    clock.advance(hours=1)
    await worker.janitor.sweep()
    (letter,) = await desk.rows(DeadLetter)
    assert letter.job == "gone.away"
    assert await desk.rows(PendingJob) == []


async def test_a_stopped_worker_refuses_to_drain(worker: Worker, database: Database) -> None:
    await worker.stop(grace_seconds=0)
    with pytest.raises(Unavailable):
        await worker.drain()
    await database.write(lambda session: session.execute(delete(PendingJob)))
