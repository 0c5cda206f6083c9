"""A playbook's mail to its customer: written once for each step, and only to who can be and wants to be written to."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from backend.core.clock import instant
from backend.core.errors import Unprocessable
from backend.customers import opting_out
from backend.customers import service as customers
from backend.customers.models import Customer
from backend.delivery import channels
from backend.delivery import service as delivery
from backend.delivery.address import Kind, mailbox
from backend.identity.service import business_of
from backend.incidences import macro_texts
from backend.incidences.models import Incidence
from backend.incidences.service import shown
from backend.playbooks.documents import MessageStep
from backend.playbooks.models import PlaybookExecution
from backend.playbooks.outcome import Outcome, skipped
from backend.signals.models import Context
from backend.work import Work

EXPIRES = timedelta(days=3)
"""What has not left by then is not news any more."""
_NO_CASE = dict.fromkeys(("ref", "summary", "orderId", "orderValue", "eventType"))


def write(
    work: Work,
    execution: PlaybookExecution,
    step: MessageStep,
    case: Incidence | None,
    installed: Collection[Kind],
) -> Outcome:
    """Write it, under the business's name. Skipped without an address, without a way out, and when the customer wants no
    mail or to be left alone. However often the step is done, it is the letter of this step of this execution."""
    customer = work.session.get_one(Customer, execution.customer_id)
    address = _address(customer)
    if address is None:
        return skipped("no e-mail address of the customer is known")
    if (why := opting_out.refusal(work, customer.id)) is not None:
        return skipped(why)
    if (until := _left_alone(work, customer)) is not None:
        return skipped(f"the customer wants to be left alone until {until}")
    if "EMAIL" not in channels.ways(work, installed):
        return skipped("there is no channel for mail: an admin adds one (g d)")
    business = business_of(work).name
    about = (_NO_CASE | {"customer": customers.brief(customer).model_dump()}) if case is None else shown(work, case)
    about |= {"writer": about.get("agentName") or business, "business": business}
    letter = delivery.post(
        work,
        to=address,
        subject=business if step.subject is None else filled(step.subject, about),
        text=f"{filled(step.text, about)}\n\n--\n{business}",
        cause=f"playbook:{execution.id}:{step.id}",
        expires_at=work.now + EXPIRES,
        customer_id=customer.id,
        sender=business,
    )
    return Outcome("wrote by mail; delivery (g d) tells how it went", {"letterId": letter})


def filled(text: str, about: dict[str, Any]) -> str:
    """The words with what is known in the place of placeholders. Unprocessable when something is not: then nothing is
    written."""
    words, left = macro_texts.filled(text, about)
    if left:
        said = f"Nothing is known for {{{left[0]}}}, so nothing was written."
        raise Unprocessable(said, code="UNRESOLVED_PLACEHOLDER", placeholders=left)
    return words


def _address(customer: Customer) -> str | None:
    try:
        return mailbox(customer.email) if customer.email else None
    except ValueError:
        return None  # known from elsewhere, and not one that a mail server takes


def _left_alone(work: Work, customer: Customer) -> str | None:
    """Until when the customer, who said so in the app, wants to be left alone."""
    mine = (Context.business_id == work.business_id) & (Context.customer_id == customer.id)
    until = work.session.scalar(select(Context.suppressed_until).where(mine))
    return None if until is None or until <= work.now else f"{instant(until)[:16].replace('T', ' ')} UTC"
