"""Erasing a customer: what they said when they left goes, and by which card they paid; what came of it stays as a count."""

from collections.abc import Sequence

from sqlalchemy import select, update

from backend.customers.erasure import also_erases, forget_answers
from backend.customers.models import Customer
from backend.retention.models import OfferEvent, RetentionRun
from backend.work import Work


@also_erases
def forget_runs(work: Work, customer: Customer, _known_as: Sequence[str]) -> None:
    """Empty comments, follow-ups and facts of who they are; an open run is abandoned by its timer."""
    mine = (RetentionRun.business_id == work.business_id) & (RetentionRun.customer_id == customer.id)
    ids = []
    for run in work.session.scalars(select(RetentionRun).where(mine).with_for_update()).all():
        run.comment, run.follow_up, run.message = None, None, ""
        run.facts = {**run.facts, "region": None, "usage": None}
        run.limits = {**run.limits, "given": []} if run.limits else {}
        ids.append(run.id)
    theirs = (OfferEvent.business_id == work.business_id) & (OfferEvent.customer_id == customer.id)
    for said in work.session.scalars(select(OfferEvent).where(theirs, OfferEvent.offer_type == "SURVEY")).all():
        said.params = {name: value for name, value in said.params.items() if name != "followUp"}
    forgotten = update(OfferEvent).where(theirs).values(payment_fingerprint=None)
    work.session.execute(forgotten.execution_options(synchronize_session=False))
    forget_answers(work, ids)
