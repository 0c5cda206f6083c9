"""What cases hold of a customer who is erased: their words and inputs go, the fact and the figures of the case stay."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select

from backend.customers.erasure import also_erases
from backend.customers.models import Customer
from backend.incidences.events import IncidenceChanged
from backend.incidences.models import Escalation, Incidence, IncidenceLink
from backend.incidences.service import record
from backend.work import Work


@also_erases
def forget_words(work: Work, customer: Customer, _known_as: Sequence[str]) -> None:
    """Empty what the customer wrote or typed, and what agents wrote of it, in every case of theirs."""
    of_theirs = Escalation.incidence_id.in_(_ids(customer))
    for handed_up in work.session.scalars(select(Escalation).where(of_theirs)):
        handed_up.note = None
    links = select(IncidenceLink).where(
        IncidenceLink.from_id.in_(_ids(customer)) | IncidenceLink.to_id.in_(_ids(customer))
    )
    for link in work.session.scalars(links):
        link.reason = None
        link.data = link.data and link.data | {side: _wordless(link.data[side]) for side in ("source", "target")}
    cases = select(Incidence).where(Incidence.customer_id == customer.id).with_for_update()
    for row in work.session.scalars(cases).all():
        row.summary, row.user_inputs, row.selected_items, row.last_message, row.root_cause = "", {}, [], None, None
        record(work, row, IncidenceChanged, {"changes": {}, "reason": "the customer was erased"})


def _ids(customer: Customer) -> Select[Any]:
    return select(Incidence.id).where(Incidence.customer_id == customer.id)


def _wordless(changes: dict[str, Any]) -> dict[str, Any]:
    """What a merge changed, without what was said."""
    return {name: pair for name, pair in changes.items() if name not in ("last_message", "escalation.note")}
