"""Erasing a customer: what goes on for them ends, and what steps found out about them goes; that they were done stays."""

from collections.abc import Sequence

from sqlalchemy import select, update

from backend.customers.erasure import also_erases, forget_answers
from backend.customers.models import Customer
from backend.playbooks import executions
from backend.playbooks.models import PlaybookExecution, PlaybookStep
from backend.work import Work


@also_erases
def forget_executions(work: Work, customer: Customer, _known_as: Sequence[str]) -> None:
    """Cancel what is open, and empty words, results and errors."""
    mine = (PlaybookExecution.business_id == work.business_id) & (PlaybookExecution.customer_id == customer.id)
    ids = []
    for row in work.session.scalars(select(PlaybookExecution).where(mine).with_for_update()).all():
        ids.append(row.id)
        row.why = ""
        if row.ended_at is None:
            executions.end(work, row, "CANCELLED", "the customer was erased")
        else:
            row.ended_how = row.status.lower()
    steps = (PlaybookStep.business_id == work.business_id) & PlaybookStep.execution_id.in_(ids)
    forgotten = update(PlaybookStep).where(steps).values(told="", result={}, error=None)
    work.session.execute(forgotten.execution_options(synchronize_session=False))
    forget_answers(work, ids)
