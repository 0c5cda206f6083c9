"""What agents said of a customer who is erased goes; that they acted, on what figures, and who decided, stays."""

from collections.abc import Sequence

from sqlalchemy import select

from backend.agent.approvals import PENDING, withdraw
from backend.agent.models import AgentAction, Approval, Discount
from backend.customers.erasure import also_erases
from backend.customers.models import Customer
from backend.incidences.models import Incidence
from backend.work import Work

_WORDS = ("category", "event_type")
"""The facts that are somebody's words."""


@also_erases
def forget_words(work: Work, customer: Customer, _known_as: Sequence[str]) -> None:
    """Empty what was asked for and said in every approval of theirs, and the words among the facts of actions.

    What is pending is withdrawn: nobody could tell any more what they decide.
    """
    theirs = select(Incidence.id).where(Incidence.customer_id == customer.id)
    for approval in work.session.scalars(select(Approval).where(Approval.incidence_id.in_(theirs))):
        approval.params, approval.grounds, approval.diff, approval.note, approval.failure = {}, {}, [], None, None
        if approval.status == PENDING:
            withdraw(work, work.session.get_one(Incidence, approval.incidence_id), approval, "the customer was erased")
    for given in work.session.scalars(select(Discount).where(Discount.incidence_id.in_(theirs))):
        given.order_id = None
    for action in work.session.scalars(select(AgentAction).where(AgentAction.incidence_id.in_(theirs))):
        action.facts = {name: value for name, value in action.facts.items() if name not in _WORDS}
