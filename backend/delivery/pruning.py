"""What delivery forgets in time: whole letters, with the addresses that they went to."""

from datetime import datetime

from backend.core.pruning import Step, again, forgets, prune
from backend.delivery.models import Letter
from backend.work import Work


@forgets("letters", "Letters to staff that are over")
def forget_letters(work: Work, before: datetime, place: str) -> Step:
    """Delete letters that were sent, or never will be."""
    return again(prune(work.session, Letter.id, Letter.business_id == work.business_id, Letter.settled_at < before))
