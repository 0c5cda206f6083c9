"""Whose a subscription is: from Stripe's customer to ours."""

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import insert, select

from backend.billing.models import Subscription
from backend.billing.normal import Person
from backend.core.ids import new_id
from backend.customers import repository as customers_there
from backend.customers import service as customers
from backend.customers.models import Customer, CustomerHandle
from backend.customers.profile import usable
from backend.work import Work

PLATFORM = "stripe"
_LONGEST = 100
"""Of Stripe's ids, that they fit in an external id of ours as they are."""


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


def payers(work: Work, wanted: Mapping[str, Person | None]) -> dict[str, str]:
    """Our customers' ids for many of Stripe's at once, as `payer` finds them. Those who are new are made in two
    statements: an account that is read for the first time has a hundred thousand of them."""
    found = _known(work, list(wanted))
    rest = {id: person for id, person in wanted.items() if id not in found}
    namesakes = _namesakes(work, [person for person in rest.values() if person])
    new: dict[str, Person] = {}
    for id, person in rest.items():
        if person is None or person.external_id or person.email in namesakes or len(id) > _LONGEST:
            found[id] = payer(work, id, person).id
        else:
            new[id] = person
    return found | _made(work, new)


def _known(work: Work, ids: list[str]) -> dict[str, str]:
    mine = (CustomerHandle.business_id == work.business_id) & (CustomerHandle.platform == PLATFORM)
    tied = select(CustomerHandle.handle, Customer.id).join(Customer, Customer.id == CustomerHandle.customer_id)
    tied = tied.where(mine, CustomerHandle.handle.in_(ids)).with_for_update(read=True, key_share=True, of=Customer)
    bought = select(Subscription.stripe_customer_id, Subscription.customer_id).where(
        Subscription.business_id == work.business_id, Subscription.stripe_customer_id.in_(ids)
    )
    rows = [*work.session.execute(bought), *work.session.execute(tied)]
    return {row[0]: row[1] for row in rows}


def _namesakes(work: Work, people: list[Person]) -> set[str | None]:
    """E-mail addresses of theirs that some customer has, or two of them share."""
    mine = (Customer.business_id == work.business_id) & Customer.erased_at.is_(None)
    emails = [person.email for person in people if person.email]
    query = select(Customer.email).where(mine, Customer.email.in_(emails))
    shared = {email for email, times in Counter(emails).items() if times > 1}
    return {*work.session.scalars(query), *shared}


def _made(work: Work, people: Mapping[str, Person]) -> dict[str, str]:
    """New customers, each under an external id made of Stripe's."""
    if not people:
        return {}
    rows, ties, ids = [], [], {}
    for id, person in people.items():
        ids[id] = new_id()
        known = {"name": "", "email": None, "phone": None}
        known |= usable({"name": person.name, "email": person.email, "phone": person.phone})
        own = {"id": ids[id], "business_id": work.business_id, "external_id": f"{PLATFORM}:{id}"}
        rows.append({**own, **known, "created_at": work.now})
        ties.append({"business_id": work.business_id, "platform": PLATFORM, "handle": id, "customer_id": ids[id]})
    work.session.execute(insert(Customer), rows)
    work.session.execute(insert(CustomerHandle), ties)
    return ids


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
