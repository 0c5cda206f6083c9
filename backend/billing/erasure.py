"""What Stripe told of a customer who is erased: the bodies of its events. Amounts and ids stay, without anybody's name."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement, func, literal, or_, select, update
from sqlalchemy.orm import Session

from backend.billing.models import Charge, Dispute, Invoice, Refund, StripeEvent, Subscription, SubscriptionChange
from backend.core.rows import table_of
from backend.customers.erasure import also_erases
from backend.customers.holdings import also_exports
from backend.customers.models import Customer
from backend.customers.repository import handles_of
from backend.work import Work

_AT_ONCE = 50
"""Marks in one statement."""


@also_erases
def forget_customer(work: Work, customer: Customer, known_as: Sequence[str]) -> None:
    """Empty the events that name the customer, or something of theirs at Stripe. Subscriptions stay tied to who is
    nobody now, so that what Stripe tells later brings nobody back."""
    mine = (Subscription.business_id == work.business_id) & (Subscription.customer_id == customer.id)
    work.session.execute(select(Subscription.id).where(mine).order_by(Subscription.id).with_for_update(key_share=True))
    _forget_comments(work, customer.id)
    for holds in _holding(work, {*known_as, *_ids_of(work, customer.id)}):
        looked_at = literal(work.now, StripeEvent.processed_at.type)  # its type, or SQLite keeps it as text
        work.session.execute(
            update(StripeEvent)
            .where(StripeEvent.business_id == work.business_id, holds)
            .values(body=b"{}", processed_at=func.coalesce(StripeEvent.processed_at, looked_at))
            .execution_options(synchronize_session=False)
        )


@also_exports
def export_events(work: Work, customer: Customer) -> dict[str, list[dict[str, Any]]]:
    """The events of Stripe that name the customer, or something of theirs there."""
    known_as = [customer.external_id, *handles_of(work.session, work.business_id, customer.id)]
    rows = table_of(StripeEvent).c
    columns = [rows[name] for name in ("id", "stripe_event_id", "type", "occurred_at", "body", "received_at")]
    found: dict[str, dict[str, Any]] = {}
    for holds in _holding(work, {*known_as, *_ids_of(work, customer.id)}):
        query = select(*columns).where(rows.business_id == work.business_id, holds)
        found |= {row["id"]: dict(row) for row in work.session.execute(query).mappings()}
    return {"stripe_events": list(found.values())}


def _holding(work: Work, marks: Collection[str]) -> Iterator[ColumnElement[bool]]:
    """Conditions of which one holds for each event that has one of `marks` as a JSON text."""
    wanted = sorted(marks)
    for start in range(0, len(wanted), _AT_ONCE):
        yield or_(*(_holds(work.session, orjson.dumps(mark)) for mark in wanted[start : start + _AT_ONCE]))


def _forget_comments(work: Work, customer_id: str) -> None:
    """Why they left, in their own words. That they did, and what it was filed under, stays."""
    mine = (SubscriptionChange.business_id == work.business_id) & (SubscriptionChange.customer_id == customer_id)
    for change in work.session.scalars(select(SubscriptionChange).where(mine)):
        change.params = {name: value for name, value in change.params.items() if name != "comment"}


def _ids_of(work: Work, customer_id: str) -> set[str]:
    """What Stripe calls the customer, and what they bought there."""
    columns = (
        (Subscription, Subscription.stripe_customer_id),
        (Subscription, Subscription.stripe_subscription_id),
        (Invoice, Invoice.stripe_invoice_id),
        (Invoice, Invoice.stripe_charge_id),
        (Invoice, Invoice.stripe_payment_intent_id),
        (Dispute, Dispute.stripe_dispute_id),
    )
    found: set[str] = set()
    for model, column in columns:
        mine = (model.business_id == work.business_id) & (model.customer_id == customer_id)
        found |= {id for id in work.session.scalars(select(column).where(mine)) if id}
    return found | _paid_by(work, customer_id)


def _paid_by(work: Work, customer_id: str) -> set[str]:
    """What they paid and got back: charges know Stripe's customer alone."""
    mine = (Subscription.business_id == work.business_id) & (Subscription.customer_id == customer_id)
    theirs = select(Subscription.stripe_customer_id).where(mine)
    query = select(Charge.stripe_charge_id).where(
        Charge.business_id == work.business_id, Charge.stripe_customer_id.in_(theirs)
    )
    charges = list(work.session.scalars(query))
    back = select(Refund.stripe_refund_id).where(
        Refund.business_id == work.business_id, Refund.stripe_charge_id.in_(charges)
    )
    return {*charges, *work.session.scalars(back)}


def _holds(session: Session, part: bytes) -> ColumnElement[bool]:
    if session.get_bind().dialect.name == "postgresql":
        return func.position(literal(part).op("IN")(StripeEvent.body)) > 0
    return func.instr(StripeEvent.body, part) > 0
