"""A record of another system, applied: to the customer's fields, their past, and the cases it opens. Again, it changes
nothing.

In one unit the customer is held first, then what is told of is written, so that nobody waits for each other in a ring.
"""

import hashlib
from typing import Any, NamedTuple

from sqlalchemy import select

from backend.core.errors import Failure, Invalid
from backend.customers import repository as known
from backend.customers import service as customers
from backend.customers.models import Customer
from backend.customers.profile import fit
from backend.events.event import Actor
from backend.incidences import service as incidences
from backend.incidences.schemas import IncidenceOpen
from backend.integrations import repository
from backend.integrations.kinds import BY_NAME
from backend.integrations.mapping import Case, Meant, Noted, RecordMap, Unfit, date_of
from backend.signals.intake import looks_personal
from backend.signals.noting import note
from backend.work import Work

_COLUMNS = {"pastOrderCount": "past_order_count", "lastOrderDate": "last_order_date", "emailOptOut": "email_opt_out"}


class Applied(NamedTuple):
    """Whether anything changed, and what could not be used, in words."""

    is_changed: bool
    problems: list[str]


def apply(work: Work, platform: str, integration_id: str, mapping: RecordMap, meant: Meant) -> Applied:
    """Do what a record comes to, as the system called `platform` told it."""
    work.actor = Actor("webhook", None, BY_NAME[platform].title)
    problems = list(meant.problems)
    profile = _profile(meant, problems)
    try:
        customer, is_changed = _customer(work, platform, mapping, meant, profile)
    except Failure as failure:
        return Applied(False, [*problems, failure.message])
    if customer is None:
        who = "no known customer" if meant.name or meant.email else "no customer named in it"
        return Applied(False, [*problems, who])
    for signal in meant.signals:
        is_changed |= _note(work, integration_id, customer, signal, problems)
    is_changed |= bool(customers.merge_profile(work, customer, profile, only_blanks=mapping.only_blanks))
    for case in meant.cases:
        is_changed |= _open(work, platform, integration_id, customer, case)
    return Applied(is_changed, problems)


def _profile(meant: Meant, problems: list[str]) -> dict[str, Any]:
    """The columns of the profile that fit; the others are told."""
    profile = {}
    for name, value in meant.fields.items():
        column = _COLUMNS.get(name, name)
        try:
            profile[column] = fit_column(column, value)
        except Invalid as error:
            problems.append(error.message)
    return profile


def fit_column(column: str, value: Any) -> Any:
    """`value` as a column of the customer takes it. Invalid, in words, when it does not."""
    if column == "past_order_count":
        if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
            raise Invalid("pastOrderCount: must be a whole number", field=column)
        return value
    if column == "last_order_date":
        try:
            return date_of(value)
        except Unfit as unfit:
            raise Invalid(f"lastOrderDate: {unfit}", field=column) from None
    if column == "email_opt_out":
        return fit(column, value)
    text = str(value)
    return fit(column, text.strip().upper() if column == "tier" else text)


def _customer(
    work: Work, platform: str, mapping: RecordMap, meant: Meant, profile: dict[str, Any]
) -> tuple[Customer | None, bool]:
    """The customer whom a record is about, and whether they were made by it. None when nobody is meant."""
    found = None
    if meant.external_id:
        found = known.by_external_id(work.session, work.business_id, meant.external_id)
    if found is None and meant.handle:
        found = known.by_handle(work.session, work.business_id, platform, meant.handle)
    if found is None and meant.email:
        found = _by_email(work, meant.email)
    if found is not None:
        if found.erased_at is not None:
            return None, False
        if meant.handle and customers.handle_of(work, platform, found.id) == "":
            customers.customer_by_handle(work, platform, meant.handle, external_id=found.external_id)
        return found, False
    if not mapping.makes_customers or not (meant.external_id or meant.handle):
        return None, False
    if meant.handle:
        return customers.customer_by_handle(
            work, platform, meant.handle, external_id=meant.external_id or None, **profile
        ), True
    return customers.ensure_customer(work, meant.external_id, **profile), True


def _by_email(work: Work, email: str) -> Customer | None:
    """The only customer with that address."""
    query = select(Customer).where(
        Customer.business_id == work.business_id, Customer.email == email, Customer.erased_at.is_(None)
    )
    found = work.session.scalars(query.limit(2).with_for_update(read=True, key_share=True)).all()
    return found[0] if len(found) == 1 else None


def _note(work: Work, integration_id: str, customer: Customer, signal: Noted, problems: list[str]) -> bool:
    properties = {}
    for name, value in signal.properties.items():
        if isinstance(value, str) and looks_personal(value):
            problems.append(f"{signal.type}.{name}: looks like an e-mail address or a phone number")
        else:
            properties[name] = value if isinstance(value, int | float) else str(value)[:200]
    id = once_key(integration_id, signal.type, signal.id)
    at = signal.at or work.now
    return note(work, customer.id, signal.type, id=id, at=at, properties=properties or None)


def _open(work: Work, platform: str, integration_id: str, customer: Customer, case: Case) -> bool:
    place = (work.session, work.business_id, platform, f"case:{integration_id}")
    if not repository.told_first(*place, once_key(integration_id, "case", case.id), kind="case", at=work.now):
        return False
    given: dict[str, str | None] = {"userId": customer.external_id, "stage": "POST_ORDER", "channel": "IN_APP_CHAT"}
    given |= {"trigger": "SYSTEM_INITIATED", "summary": case.summary[:200] or None}
    given |= {"issueCategory": case.category[:64] or None, "orderId": case.order_id[:128] or None}
    body = IncidenceOpen.model_validate({name: value for name, value in given.items() if value is not None})
    incidences.open_incidence(work, body, is_answered_anyway=True)
    return True


def once_key(*parts: str) -> str:
    """What stands for a thing that is done once, in 64 characters."""
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()
