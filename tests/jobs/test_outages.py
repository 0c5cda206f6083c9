"""A database that is out for a moment loses no job: neither one that has begun, nor what became of one."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from backend.core.clock import FrozenClock
from backend.core.db import Database
from backend.core.outage import AWAY, Outage
from backend.jobs import attempt, dead_letter, outbox, relay
from backend.jobs.handed import Handed
from backend.jobs.models import DeadLetter, PendingJob
from backend.jobs.worker import Worker
from backend.work import Work
from tests.jobs import sample
from tests.jobs.conftest import BUSINESS, Desk

KEYS = pytest.mark.parametrize("key", [None, "sync"])


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "OUTAGE_SECONDS", 0.02)


def out_for(times: int, call: Any) -> Any:
    """`call`, of which the first `times` meet an outage."""
    left = times

    def flaky(*args: Any, **kwargs: Any) -> Any:
        nonlocal left
        left -= 1
        if left >= 0:
            raise Outage(AWAY)
        return call(*args, **kwargs)

    return flaky


@KEYS
async def test_a_job_whose_row_cannot_be_deleted_runs_once_it_can(
    worker: Worker, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    monkeypatch.setattr(relay, "_forget_free", out_for(1, relay._forget_free))
    monkeypatch.setattr(relay, "forget", out_for(3, relay.forget))
    await desk(Work.enqueue, sample.stumble, key=key, folder=str(tmp_path), times=0)
    with contextlib.suppress(Outage):  # or the relay that runs beside us met it
        await worker.drain()
    await worker.drain()
    assert sample.lines(tmp_path) == ["attempt 1"], "no try is lost for it"


@KEYS
async def test_what_became_of_a_job_is_written_down_once_it_can_be(
    worker: Worker, desk: Desk, clock: FrozenClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    monkeypatch.setattr(attempt, "_come_back", out_for(2, attempt._come_back))
    monkeypatch.setattr(dead_letter, "record", out_for(2, dead_letter.record))
    await desk(Work.enqueue, sample.stumble, key=key, folder=str(tmp_path), times=9)
    for _ in range(3):
        await worker.drain()
        clock.advance(hours=1)
    assert sample.lines(tmp_path) == ["attempt 1", "attempt 2", "attempt 3"]
    (letter,) = await desk.rows(DeadLetter)
    assert (letter.job, letter.attempts) == ("jobs.stumble", 3)


async def test_a_job_that_cannot_begin_takes_none_beside_it_along(
    worker: Worker, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One fails to begin at once, another later: until that is known, nobody may take its row for one that has begun."""
    begin, tried = worker.engine.begin, set()

    async def odd(handed: Handed) -> bool:
        if handed.job not in tried:
            tried.add(handed.job)
            await asyncio.sleep(0 if handed.job == sample.jot.name else 0.3)
            raise Outage(AWAY)
        return await begin(handed)

    def both(work: Work) -> None:
        work.enqueue(sample.stumble, folder=str(tmp_path), times=0)
        work.enqueue(sample.jot, folder=str(tmp_path), line="jot")

    monkeypatch.setattr(worker.engine, "begin", odd)
    await desk(both)
    worker.wake()
    async with asyncio.timeout(10):
        while len(sample.lines(tmp_path)) < 2:  # noqa: ASYNC110 - it shows in a file
            await asyncio.sleep(0.05)
    assert sorted(sample.lines(tmp_path)) == ["attempt 1", "jot"]


@pytest.mark.parametrize("is_merged", [False, True])
async def test_who_looks_at_two_that_wait_and_who_deletes_them_do_not_wait_for_each_other(
    database: Database, desk: Desk, clock: FrozenClock, is_merged: bool
) -> None:
    def two(work: Work) -> None:
        for id in ("a", "b"):
            work.add(PendingJob(id=id, job="jobs.jot", args={}, due_at=work.now, key=f"key {id}"))

    def look(work: Work) -> list[bool]:
        first = outbox.is_pending(work, "key b")
        if database.name == "postgresql":
            work.session.execute(text("SELECT pg_sleep(0.4)"))
        return [first, outbox.is_pending(work, "key a")]

    def merged(session: Any, items: list[int]) -> list[list[bool]]:
        session.info["business_id"] = BUSINESS
        return [look(Work(session, BUSINESS, clock.now())) for _ in items]

    async def looked() -> list[bool]:
        return await (database.merge(merged, 1) if is_merged else desk(look))

    async def deleted() -> list[str]:
        await asyncio.sleep(0.15)
        return await database.write(lambda session: relay._forget_free(session, ["a", "b"]))

    await desk(two)
    async with asyncio.timeout(0.9):  # a second is what PostgreSQL takes to notice that two wait for each other
        seen, gone = await asyncio.gather(looked(), deleted())
    if database.name == "postgresql":
        assert (seen, gone) == ([True, False], ["a"]), "the one that is looked at stays until the look is over"
    else:
        assert (seen, sorted(gone)) == ([True, True], ["a", "b"])
