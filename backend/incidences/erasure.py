"""What cases hold of a customer who is erased: their words and inputs go, the fact and the figures of the case stay."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Select, select

from backend.customers.erasure import also_erases, forget_answers
from backend.customers.holdings import leaves_out
from backend.customers.models import Customer
from backend.incidences.events import IncidenceChanged
from backend.incidences.models import Escalation, Incidence, IncidenceLink, SavedView
from backend.incidences.service import incidence_of, record
from backend.work import Work

leaves_out("incidence_links.data", "holds how another case was before a merge, which may be another customer's")

ERASED = "erased"
"""The category of a case of which nobody knows any more what it was about."""
_SHARED = ("issue_category", "app_screen", "event_type")


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
        _forget_in_others(work, customer, link)
        link.reason = None
        link.data = link.data and link.data | {side: _wordless(link.data[side]) for side in ("source", "target")}
    cases = select(Incidence).where(Incidence.customer_id == customer.id).with_for_update()
    for row in work.session.scalars(cases).all():
        row.summary, row.user_inputs, row.selected_items, row.last_message, row.root_cause = "", {}, [], None, None
        row.order_id, row.resolution_type, row.labels = None, None, []
        _forget_own_words(work, row)
        record(work, row, IncidenceChanged, {"changes": {}, "reason": "the customer was erased"})
    forget_answers(
        work, work.session.scalars(_ids(customer)).all()
    )  # of approvals, links and alerts: they name the case


@also_erases
def forget_views(work: Work, _customer: Customer, known_as: Sequence[str]) -> None:
    """Saved views that look for one of the customer's ids or handles go: what would be left finds nobody."""
    marks = [mark.casefold() for mark in known_as if mark]
    for view in work.session.scalars(select(SavedView).where(SavedView.business_id == work.business_id)):
        if {*f"{view.name} {view.filter}".casefold().split()} & {*marks}:
            work.session.delete(view)


def _forget_own_words(work: Work, row: Incidence) -> None:
    """What is said of cases of others too is the business's own word, and is counted by; what is not may be anybody's."""
    for name in _SHARED:
        column, value = getattr(Incidence, name), getattr(row, name)
        others = (Incidence.business_id == work.business_id) & (Incidence.customer_id != row.customer_id)
        if value is None or work.session.scalar(select(Incidence.id).where(others, column == value).limit(1)):
            continue
        setattr(row, name, ERASED if name == "issue_category" else None)  # that it had one is counted
    if row.event_type is None and row.routing:
        facts = {key: one for key, one in row.routing.get("facts", {}).items() if key != "event_type"}
        row.routing = row.routing | {"facts": facts, "trace": []}  # which quotes them


def _forget_in_others(work: Work, customer: Customer, link: IncidenceLink) -> None:
    """What a case of theirs gave to one of another customer when it became part of it: the last words, and a note."""
    given = link.data and link.data["target"]
    row = work.session.get_one(Incidence, link.to_id)
    if not given or row.customer_id == customer.id:
        return
    escalation_id = given.get("escalation_id", [None, None])[1]
    if escalation_id is not None:
        work.session.get_one(Escalation, escalation_id).note = None
    for case in _onwards(work, row):
        if "last_message" in given and case.last_message == given["last_message"][1]:
            case.last_message = None
            record(work, case, IncidenceChanged, {"changes": {}, "reason": "a customer of a merged case was erased"})


def _onwards(work: Work, row: Incidence) -> Iterator[Incidence]:
    """A case and those that it is part of, which nobody else changes until the end."""
    while True:
        row = incidence_of(work, row.id, to_change=True)
        yield row
        if row.merged_into is None:
            return
        row = work.session.get_one(Incidence, row.merged_into["incidenceId"])


def _ids(customer: Customer) -> Select[Any]:
    return select(Incidence.id).where(Incidence.customer_id == customer.id)


def _wordless(changes: dict[str, Any]) -> dict[str, Any]:
    """What a merge changed, without what was said."""
    return {name: pair for name, pair in changes.items() if name not in ("last_message", "escalation.note")}
