"""Whether a customer may be written to, and their own no, which they say by the link in a mail (`delivery.way_out`)."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core.rows import table_of
from backend.customers.models import Customer
from backend.customers.service import set_fields
from backend.delivery.way_out import asked_before_mail
from backend.identity.service import business_of
from backend.work import Work

_ROW = table_of(Customer).c


@asked_before_mail
def refusal(work: Work, customer_id: str) -> str | None:
    """Why no mail goes to the customer; None when it may. Asked when it is written and again when it leaves."""
    customer = work.session.get(Customer, customer_id, populate_existing=True)
    if customer is None or customer.erased_at is not None:
        return "the customer was erased"
    return "the customer wants no mail" if customer.email_opt_out else None


def business_with(session: Session, customer_id: str) -> str | None:
    """The business that a customer is one of; None when there is none such."""
    found: str | None = session.connection().execute(select(_ROW.business_id).where(_ROW.id == customer_id)).scalar()
    return found


def name_of_business(work: Work) -> str:
    """Whose mail it is."""
    return business_of(work).name


def opt_out(work: Work, customer_id: str) -> None:
    """They want no more mail. Again, or of who was erased, it changes nothing."""
    customer = work.session.get(Customer, customer_id, with_for_update=True)
    if customer is not None and customer.business_id == work.business_id and not customer.email_opt_out:
        set_fields(work, customer, {"email_opt_out": True})
