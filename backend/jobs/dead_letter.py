"""Jobs that failed for good: written down once, told to the business's admins, replayed by hand."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend.core.errors import Conflict, NotFound
from backend.core.ids import new_id
from backend.events.event import SYSTEM
from backend.jobs.events import DeadLetterReplayed, JobDied
from backend.jobs.handed import Handed
from backend.jobs.models import DeadLetter
from backend.jobs.outbox import add_again
from backend.jobs.repository import LETTERS
from backend.jobs.schemas import DeadLetterRead
from backend.work import Work


def record(session: Session, handed: Handed, error: str, now: datetime) -> None:
    """Keep `handed` as a dead letter; a second time changes nothing."""
    if session.execute(select(DeadLetter.id).where(DeadLetter.job_id == handed.id)).first():
        return
    letter = DeadLetter(
        id=new_id(),
        business_id=handed.business_id,
        job_id=handed.id,
        job=handed.job,
        args=handed.args,
        error=error,
        attempts=handed.attempt,
        failed_at=now,
        request_id=handed.request_id,
    )
    session.add(letter)
    session.flush()
    if handed.business_id:
        work = Work(session, handed.business_id, now, SYSTEM, handed.request_id)
        work.emit(JobDied(subject_id=letter.id, state=_state(letter)))


def replay(work: Work, id: str) -> DeadLetterRead:
    """Give a dead letter's job one more attempt, at once. NotFound, or Conflict when it was replayed before."""
    # On the table, not the class: letters of the whole installation belong to no business, and anyone may replay them.
    mine = (LETTERS.c.id == id) & LETTERS.c.business_id.in_(("", work.business_id))
    if work.session.execute(select(LETTERS.c.id).where(mine)).first() is None:
        raise NotFound(f"There is no dead letter {id!r} here.", id=id)
    # The update decides between two who replay at the same moment.
    taken = update(LETTERS).where(mine, LETTERS.c.replayed_at.is_(None)).values(replayed_at=work.now)
    letter = work.session.execute(taken.returning(LETTERS)).first()
    if letter is None:
        raise Conflict("This dead letter was replayed already.", code="ALREADY_REPLAYED")
    handed = Handed(letter.job_id, letter.business_id, letter.job, letter.args, None, "", letter.attempts, None)
    add_again(work, handed)
    if letter.business_id:
        work.emit(DeadLetterReplayed(subject_id=letter.id, state=_state(letter)))
    return DeadLetterRead.model_validate(letter)


def _state(letter: object) -> dict[str, object]:
    """Without the error: it may quote what a customer is called, and nothing of no customer is ever erased here."""
    return DeadLetterRead.model_validate(letter).model_dump(mode="json", by_alias=True, exclude={"error"})
