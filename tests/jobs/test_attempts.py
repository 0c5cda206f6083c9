"""What becomes of a job: done, tried again, given up, replayed."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.clock import FrozenClock
from backend.core.errors import Conflict, NotFound
from backend.events.models import EventRow
from backend.jobs import dead_letter
from backend.jobs.attempt import backoff
from backend.jobs.handed import next_id
from backend.jobs.models import DeadLetter, PendingJob
from backend.jobs.registry import Job
from backend.jobs.worker import Worker
from backend.work import Work
from tests.jobs import sample
from tests.jobs.conftest import Desk


async def test_a_failing_job_is_tried_again_after_its_backoff_and_then_done(
    worker: Worker, desk: Desk, clock: FrozenClock, tmp_path: Path
) -> None:
    await desk(Work.enqueue, sample.stumble, folder=str(tmp_path), times=1)
    await worker.drain()
    (waiting,) = await desk.rows(PendingJob)
    assert waiting.attempt == 2
    assert waiting.error == "Unavailable: down 1"
    assert timedelta(seconds=5) <= waiting.due_at - clock.now() <= timedelta(seconds=10)
    await worker.drain()
    assert sample.lines(tmp_path) == ["attempt 1"]
    clock.advance(seconds=10)
    await worker.drain()
    assert sample.lines(tmp_path) == ["attempt 1", "attempt 2"]
    assert await desk.rows(PendingJob) == [] == await desk.rows(DeadLetter)


async def test_a_job_that_keeps_failing_is_one_dead_letter_that_can_be_replayed_once(
    worker: Worker, desk: Desk, clock: FrozenClock, tmp_path: Path
) -> None:
    await desk(Work.enqueue, sample.stumble, folder=str(tmp_path), times=3)
    for _ in range(5):
        await worker.drain()
        clock.advance(minutes=1)
    (letter,) = await desk.rows(DeadLetter)
    assert (letter.attempts, letter.error, letter.job) == (3, "Unavailable: down 3", "jobs.stumble")
    assert [event.type for event in await desk.rows(EventRow)] == ["dead_letter.recorded"]

    with pytest.raises(NotFound):
        await desk(dead_letter.replay, letter.id, business="other")
    replayed = await desk(dead_letter.replay, letter.id)
    assert replayed.replayed_at == clock.now()
    with pytest.raises(Conflict):
        await desk(dead_letter.replay, letter.id)
    await worker.drain()
    assert sample.lines(tmp_path) == [f"attempt {number}" for number in (1, 2, 3, 4)]
    assert len(await desk.rows(DeadLetter)) == 1
    assert await desk.rows(PendingJob) == []


async def test_a_replay_that_fails_is_a_new_dead_letter(
    worker: Worker, desk: Desk, clock: FrozenClock, tmp_path: Path
) -> None:
    await desk(Work.enqueue, sample.refuse, folder=str(tmp_path), typed=True)
    await worker.drain()
    (letter,) = await desk.rows(DeadLetter)
    assert letter.attempts == 1
    assert letter.error == "GiveUp: never [31mred[0m"
    await desk(dead_letter.replay, letter.id)
    await worker.drain()
    assert sorted(one.attempts for one in await desk.rows(DeadLetter)) == [1, 2]


async def test_what_a_service_refuses_is_not_tried_again(worker: Worker, desk: Desk, tmp_path: Path) -> None:
    await desk(Work.enqueue, sample.refuse, folder=str(tmp_path), typed=False)
    await worker.drain()
    assert sample.lines(tmp_path) == ["attempt 1"]
    assert len(await desk.rows(DeadLetter)) == 1


async def test_what_nobody_foresaw_is_kept_without_its_words(worker: Worker, desk: Desk) -> None:
    await desk(Work.enqueue, sample.blurt, said="I am Asha")
    await worker.drain()
    (letter,) = await desk.rows(DeadLetter)
    assert letter.error.startswith("ValueError at jobs/attempt.py:")
    assert "Asha" not in letter.error


async def test_a_job_over_its_time_is_stopped(worker: Worker, desk: Desk) -> None:
    await desk(Work.enqueue, sample.dawdle)
    await worker.drain()
    (letter,) = await desk.rows(DeadLetter)
    assert letter.error == "TimeoutError: not done within 0.05 seconds"


@given(st.integers(1, 10_000), st.floats(0, 1), st.floats(0.01, 600))
def test_backoff_doubles_within_its_bounds(attempt: int, chance: float, seconds: float) -> None:
    job = Job("x.y", sample.jot.run, backoff_seconds=seconds)
    wait = backoff(job, attempt, lambda: chance).total_seconds()
    whole = min(seconds * 2.0 ** min(attempt - 1, 32), 3600)
    assert whole / 2 - 1e-6 <= wait <= whole + 1e-6


@given(st.text("abc-:0123456789", min_size=1), st.integers(1, 99))
def test_attempts_of_a_job_share_their_root(id: str, attempt: int) -> None:
    following = next_id(id, attempt)
    assert next_id(following, attempt + 1) == f"{id}~{attempt + 2}"
