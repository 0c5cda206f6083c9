"""A customer writes after the end: the rules say whether that is the same case again or a new one that continues it."""

from sqlalchemy import update

from backend.customers.models import Customer
from backend.incidences import linking
from backend.incidences.models import Conversation, Incidence
from backend.incidences.schemas import IncidenceOpen
from backend.incidences.service import incidence_of, open_incidence
from backend.rules import service as rules
from backend.work import Work


def begins_anew(work: Work, row: Incidence) -> bool:
    """Whether a message to a closed case comes too late for it, by the rules in force."""
    if row.status != "CLOSED" or row.resolved_at is None:
        return False
    facts = {
        "hours_closed": (work.now - row.resolved_at).total_seconds() / 3_600,
        "outcome": row.outcome,
        "stage": row.stage,
        "tier": work.session.get_one(Customer, row.customer_id).tier,
    }
    fired = rules.current(work, "casework").evaluate(facts, trace=False).fired
    return bool(fired) and fired[0].then["case"] == "NEW"


def continue_in_new(work: Work, row: Incidence, body: IncidenceOpen, platform: str, conversation_id: str) -> Incidence:
    """Open a case that continues a closed one; the conversation goes on in it."""
    state = open_incidence(work, body, platform=platform, is_answered_anyway=True)
    new = incidence_of(work, state["incidenceId"])
    linking.make(work, new, row, linking.CONTINUES)
    tie = (Conversation.platform == platform) & (Conversation.conversation_id == conversation_id)
    work.session.execute(
        update(Conversation).where(tie).values(incidence_id=new.id).execution_options(synchronize_session=False)
    )
    return new
