"""Whose a subscription is: from Stripe's customer to ours."""

from sqlalchemy import select

from backend.billing.models import Subscription
from backend.billing.normal import Person
from backend.customers import repository as customers_there
from backend.customers import service as customers
from backend.customers.models import Customer
from backend.work import Work

PLATFORM = "stripe"


def known_payer(work: Work, stripe_customer_id: str) -> Customer | None:
    """Our customer, when Stripe's was met before. An erased one is still who pays, and stays erased."""
    found = customers_there.by_handle(work.session, work.business_id, PLATFORM, stripe_customer_id)
    if found is not None:
        return found
    mine = (Subscription.business_id == work.business_id) & (Subscription.stripe_customer_id == stripe_customer_id)
    customer_id = work.session.scalar(select(Subscription.customer_id).where(mine).limit(1))
    return work.session.get(Customer, customer_id) if customer_id else None


def payer(work: Work, stripe_customer_id: str, person: Person | None) -> Customer:
    """Our customer: met before, else by the external id in the metadata, else the only one with that e-mail address,
    else a new one."""
    if (known := known_payer(work, stripe_customer_id)) is not None:
        return known
    if person is None:
        return customers.customer_by_handle(work, PLATFORM, stripe_customer_id)
    external_id = person.external_id or _by_email(work, person.email)
    return customers.customer_by_handle(
        work,
        PLATFORM,
        stripe_customer_id,
        name=person.name,
        external_id=external_id,
        email=person.email,
        phone=person.phone,
    )


def fill(work: Work, person: Person) -> bool:
    """What Stripe knows fills what we do not know of a customer; whether it did. Nothing of who was erased."""
    known = known_payer(work, person.id)
    if known is None or known.erased_at is not None or person.is_deleted:
        return False
    before = known.version
    customers.customer_by_handle(work, PLATFORM, person.id, name=person.name, email=person.email, phone=person.phone)
    return known.version != before


def _by_email(work: Work, email: str | None) -> str | None:
    if email is None:
        return None
    mine = (Customer.business_id == work.business_id) & (Customer.email == email) & Customer.erased_at.is_(None)
    found = work.session.scalars(select(Customer.external_id).where(mine).limit(2)).all()
    return found[0] if len(found) == 1 else None
