"""What clocks do by themselves: warn, run out, and follow a policy, a calendar or a customer that changes in flight."""

from collections.abc import Sequence

from sqlalchemy import select

from backend.events import log
from backend.identity.events import BusinessChanged
from backend.incidences import events, sla
from backend.incidences.clocks import Clocks, tell, told
from backend.incidences.models import Incidence
from backend.incidences.service import incidence_of, record
from backend.incidences.sla_policy import KIND
from backend.work import Work

PAGE = 100


def watch(work: Work, incidence_id: str) -> None:
    """The timer: tell of each target that is near or was missed, once. A timer that was moved meanwhile is set anew."""
    row = incidence_of(work, incidence_id, to_change=True)
    for event, said in tell(row, work.now):
        record(work, row, event, said)
    sla.set_timer(work, row)


def moves_clocks(work: Work, seq: int) -> bool:
    """Whether the event at `seq`, of a rule set or of the business, is one that clocks hang on."""
    (event,) = log.after(work.session, work.business_id, seq - 1, 1)
    return bool(event.type == BusinessChanged.type or event.subject_id == KIND)


def follow_policy(work: Work, after: int) -> int | None:
    """Bring the next page of open cases, by number after `after`, to the policy and zone in force; None after the last.

    What was missed before stays on record. Running it again changes nothing.
    """
    open_cases = select(Incidence).where(Incidence.business_id == work.business_id, Incidence.status != "CLOSED")
    page = open_cases.where(Incidence.number > after).order_by(Incidence.number).limit(PAGE)
    rows = work.session.scalars(page.with_for_update(key_share=True)).all()
    _bring_up(work, rows, "the policy changed")
    return rows[-1].number if len(rows) == PAGE else None


def follow_customer(work: Work, seq: int) -> None:
    """The customer of the event at `seq` has another tier: their open cases are promised what that tier is."""
    (event,) = log.after(work.session, work.business_id, seq - 1, 1)
    theirs = (Incidence.business_id == work.business_id) & (Incidence.customer_id == event.customer_id)
    query = select(Incidence).where(theirs, Incidence.status != "CLOSED").with_for_update(key_share=True)
    _bring_up(work, work.session.scalars(query).all(), "the customer's tier changed")


def _bring_up(work: Work, rows: Sequence[Incidence], reason: str) -> None:
    for row in rows:
        before, known = told(row), Clocks.of(row)
        sla.follow(work, row)
        if told(row) != before:
            now = Clocks.of(row)
            assert now is not None
            rules = {"rule": [known and known.rule, now.rule], "ruleVersion": [known and known.version, now.version]}
            record(work, row, events.SlaChanged, {**rules, "reason": reason})
