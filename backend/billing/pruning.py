"""What billing forgets in time."""

from datetime import datetime

from backend.billing.models import StripeEvent
from backend.core.pruning import Step, again, blank, forgets
from backend.work import Work


@forgets("stripeEvents", "Bodies of Stripe's events")
def forget_bodies(work: Work, before: datetime, place: str) -> Step:
    """Empty events that were settled: Stripe itself keeps them for thirty days. That they came stays."""
    row = StripeEvent
    where = (row.business_id == work.business_id, row.received_at < before, row.processed_at.is_not(None))
    return again(blank(work.session, row.id, {"body": b"{}"}, *where, row.body != b"{}"))
