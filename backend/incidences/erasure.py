"""What cases hold of a customer who is erased: their words and inputs go, the fact and the figures of the case stay."""

from collections.abc import Sequence

from sqlalchemy import select

from backend.customers.erasure import also_erases
from backend.customers.models import Customer
from backend.incidences.events import IncidenceChanged
from backend.incidences.models import Escalation, Incidence
from backend.incidences.service import record
from backend.work import Work


@also_erases
def forget_words(work: Work, customer: Customer, _known_as: Sequence[str]) -> None:
    """Empty what the customer wrote or typed, and what agents wrote of it, in every case of theirs."""
    of_theirs = Escalation.incidence_id.in_(select(Incidence.id).where(Incidence.customer_id == customer.id))
    for handed_up in work.session.scalars(select(Escalation).where(of_theirs)):
        handed_up.note = None
    cases = select(Incidence).where(Incidence.customer_id == customer.id).with_for_update()
    for row in work.session.scalars(cases).all():
        row.summary, row.user_inputs, row.selected_items, row.last_message, row.root_cause = "", {}, [], None, None
        record(work, row, IncidenceChanged, {"changes": {}, "reason": "the customer was erased"})
