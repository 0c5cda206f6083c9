"""What delivery forgets in time: whole letters, with the addresses that they went to."""

from datetime import timedelta

from backend.core.pruning import prune
from backend.delivery.models import Letter
from backend.work import Work


def forget_letters(work: Work, days: float) -> int:
    """Delete some letters that have been over for `days`; how many."""
    before = work.now - timedelta(days=days)
    return prune(work.session, Letter.id, Letter.business_id == work.business_id, Letter.settled_at < before)
