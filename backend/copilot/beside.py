"""What is on a member's screen while they ask: what “this” means."""

from dataclasses import dataclass

from backend.copilot.schemas import ChatAsked
from backend.core.errors import NotFound
from backend.customers import service as customers
from backend.incidences.service import incidence_of
from backend.playbooks import service as playbooks
from backend.rules.service import KINDS
from backend.work import Work


@dataclass(frozen=True)
class Beside:
    """A case by its ref, the customer's id (a case's own when there is one), a playbook by its name, a rule set."""

    incidence: str | None = None
    customer_id: str | None = None
    playbook: str | None = None
    rule_set: str | None = None


def beside(work: Work, asked: ChatAsked) -> Beside:
    """What a question is asked beside. NotFound for what is not there, or is another business's."""
    incidence, customer_id, playbook = None, asked.customer_id, None
    if asked.incidence_id is not None:
        row = incidence_of(work, asked.incidence_id)
        incidence, customer_id = f"INC-{row.number}", row.customer_id
    if customer_id is not None:
        customer_id = customers.find_customer(work, customer_id).id
    if asked.playbook_id is not None:
        playbook = playbooks.playbook_of(work, asked.playbook_id).name
    if asked.rule_set is not None and asked.rule_set not in KINDS.names:
        raise NotFound(f"There is no rule set {asked.rule_set!r}.", id=asked.rule_set)
    return Beside(incidence, customer_id, playbook, asked.rule_set)
