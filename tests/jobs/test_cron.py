"""Schedules: once per tick however many processes, one missed tick caught up."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend import slices
from backend.core.clock import FrozenClock
from backend.core.db import Database
from backend.jobs import cron
from backend.jobs.cron import Cron, following, last
from backend.jobs.models import PendingJob
from backend.jobs.registry import SCHEDULES, Schedule
from backend.jobs.worker import Worker
from tests.jobs import sample
from tests.jobs.conftest import BUSINESS, Desk


@pytest.fixture(autouse=True)
def schedules(monkeypatch: pytest.MonkeyPatch) -> list[Schedule]:
    schedules = [Schedule(sample.tidy, "*/15 * * * *"), Schedule(sample.tidy, "0 3 * * *", "installation")]
    monkeypatch.setattr(cron, "SCHEDULES", schedules)
    return schedules


async def test_a_tick_runs_once_per_business_with_several_processes(
    database: Database, clock: FrozenClock, desk: Desk
) -> None:
    woken: list[int] = []
    processes = [Cron(database, clock, lambda _session: [BUSINESS, "other"], lambda: woken.append(1)) for _ in range(5)]
    assert sum(await asyncio.gather(*(one.tick() for one in processes))) == 0  # a new installation starts with the next
    for _ in range(3):
        clock.advance(minutes=15)
        assert sum(await asyncio.gather(*(one.tick() for one in processes for _ in range(2)))) == 1
    rows = await desk.rows(PendingJob)
    assert len(rows) == 6
    assert len(woken) == 3
    assert {row.business_id for row in rows} == {BUSINESS, "other"}


async def test_of_many_missed_ticks_the_last_is_caught_up(worker: Worker, clock: FrozenClock, tmp_path: Path) -> None:
    await worker.drain()
    clock.advance(days=3)
    await worker.drain()
    await worker.drain()
    assert sorted(sample.lines(tmp_path)) == sorted([f"tidy {BUSINESS}", "tidy all", "tidy other"])


async def test_a_process_that_starts_later_catches_up_what_another_missed(
    database: Database, clock: FrozenClock, desk: Desk
) -> None:
    def fresh() -> Cron:
        return Cron(database, clock, lambda _session: [BUSINESS], lambda: None)

    await fresh().tick()
    clock.advance(hours=2)
    assert await fresh().tick() == 1
    assert await fresh().tick() == 0


EXPRESSIONS = st.sampled_from(["*/15 * * * *", "0 * * * *", "30 2 * * *", "0 4 * * 1", "5 0 1 * *"])
INSTANTS = st.integers(0, 20 * 365 * 86_400_000).map(
    lambda milliseconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
)


@given(EXPRESSIONS, INSTANTS)
def test_now_lies_between_the_last_and_the_following_instant(expression: str, now: datetime) -> None:
    before, after = last(expression, now), following(expression, now)
    assert before <= now < after
    assert before.utcoffset() == timedelta(0)
    assert last(expression, before) == before
    assert following(expression, before) == after


def test_every_shipped_schedule_is_a_cron_expression() -> None:
    slices.load("jobs")
    for schedule in SCHEDULES:
        assert following(schedule.cron, datetime(2026, 1, 1, tzinfo=UTC)).year >= 2026
