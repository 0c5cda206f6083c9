"""What a person can do to jobs: see them, hurry or drop one that waits, run one again."""

from sqlalchemy import ColumnElement, delete, select, update

from backend.core.errors import Conflict
from backend.jobs import dead_letter, repository
from backend.jobs.handed import Handed
from backend.jobs.models import PendingJob
from backend.jobs.outbox import add_again
from backend.jobs.repository import LETTERS, PENDING, Cursor
from backend.jobs.schemas import DeadLetterRead, JobRead, JobStatus
from backend.work import Work


def list_waiting(work: Work, after: Cursor, status: JobStatus | None, limit: int) -> list[JobRead]:
    """One page of the jobs that wait."""
    return repository.waiting(work.session, work.business_id, after, status, limit)


def list_dead_letters(work: Work, after: str | None, limit: int) -> list[DeadLetterRead]:
    """One page of the jobs that failed for good."""
    rows = repository.dead_letters(work.session, work.business_id, after, limit)
    return [DeadLetterRead.model_validate(row) for row in rows]


def hurry(work: Work, id: str) -> bool:
    """Make a waiting job due now. False when none of that id waits."""
    due = update(PENDING).where(_waits(work, id)).values(due_at=work.now)
    hurried = bool(work.session.execute(due).rowcount)  # type: ignore[attr-defined]
    if hurried:
        work.session.info["jobs"] = work.now
    return hurried


def drop(work: Work, id: str) -> bool:
    """Forget a waiting job. False when none of that id waits."""
    return bool(work.session.execute(delete(PENDING).where(_waits(work, id))).rowcount)  # type: ignore[attr-defined]


def replay_job(work: Work, handed: Handed) -> None:
    """Run a failed or cancelled job once more. Conflict when that was done before."""
    letter = work.session.execute(select(LETTERS.c.id).where(LETTERS.c.job_id == handed.id)).scalar()
    if letter is not None:
        dead_letter.replay(work, letter)
        return
    following = select(PendingJob.id).where(PendingJob.id == handed.next_id())
    if work.session.execute(following).first():
        raise Conflict("This job runs again already.", code="ALREADY_REPLAYED")
    add_again(work, handed)


def _waits(work: Work, id: str) -> ColumnElement[bool]:
    return (PENDING.c.id == id) & PENDING.c.business_id.in_(("", work.business_id))
