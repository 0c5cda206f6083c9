"""What jobs forget in time."""

from datetime import datetime

from backend.core.pruning import Step, again, forgets, prune
from backend.jobs.models import DeadLetter
from backend.work import Work


@forgets("deadLetters", "Failed jobs that were replayed")
def forget_replayed(work: Work, before: datetime, place: str) -> Step:
    """Delete dead letters that were replayed. The others stay, for somebody to see to them."""
    row = DeadLetter
    return again(prune(work.session, row.id, row.business_id == work.business_id, row.replayed_at < before))
