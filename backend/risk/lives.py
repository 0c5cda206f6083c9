"""Reading customers for the model, some hundreds at a time: what they did, what they pay, and whether they left."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Select, select

from backend.billing.models import Invoice, Subscription
from backend.core.money import to_major
from backend.core.rows import table_of, to_micros
from backend.customers.models import Customer
from backend.risk.periods import Bill, Life, Paid, days_of
from backend.signals.activity import CANCELLED, Activity, counted
from backend.signals.models import Context
from backend.work import Work

_CUSTOMERS, _CONTEXTS = table_of(Customer).c, table_of(Context).c
_SUBSCRIPTIONS, _INVOICES = table_of(Subscription).c, table_of(Invoice).c
_MONTH = 30
_NOT_STARTED = ("incomplete", "incomplete_expired")


def has_subscriptions(work: Work) -> bool:
    """Whether the business's subscriptions are known; else whoever did something is a customer who can leave."""
    query = select(_SUBSCRIPTIONS.id).where(_SUBSCRIPTIONS.business_id == work.business_id).limit(1)
    return work.session.connection().execute(query).first() is not None


def page(work: Work, after: str, most: int) -> list[str]:
    """The ids of the next customers whom the model may know something of."""
    column = _SUBSCRIPTIONS if has_subscriptions(work) else _CONTEXTS
    query: Select[Any] = select(column.customer_id).where(
        column.business_id == work.business_id, column.customer_id > after
    )
    ordered = query.distinct().order_by(column.customer_id).limit(most)
    return list(work.session.connection().execute(ordered).scalars())


def read_lives(work: Work, ids: Collection[str]) -> list[Life]:
    """All that is known of these customers, without those that were erased."""
    connection, wanted = work.session.connection(), list(ids)
    people = connection.execute(
        select(
            _CUSTOMERS.id,
            _CUSTOMERS.external_id,
            _CUSTOMERS.tier,
            _CUSTOMERS.past_order_count,
            _CUSTOMERS.created_at,
            _CONTEXTS.activity,
            _CONTEXTS.customer_id.label("acts"),
        )
        .outerjoin(
            table_of(Context),
            (_CONTEXTS.business_id == _CUSTOMERS.business_id) & (_CONTEXTS.customer_id == _CUSTOMERS.id),
        )
        .where(_CUSTOMERS.business_id == work.business_id, _CUSTOMERS.id.in_(wanted), _CUSTOMERS.erased_at.is_(None))
        .order_by(_CUSTOMERS.id)
    ).all()
    paid, bills = _paid_by(work, wanted), _bills_by(work, wanted)
    is_by_subscription, found = has_subscriptions(work), []
    for person in people:
        activity = Activity(person.activity) if person.activity or not person.acts else counted(work, person.id)
        life = Life(
            person.id,
            person.external_id,
            person.tier,
            person.past_order_count,
            activity,
            paid[person.id],
            bills[person.id],
        )
        if not is_by_subscription:
            life.paid = [Paid(to_micros(person.created_at), activity.last.get(CANCELLED))]
        found.append(life)
    return found


def _paid_by(work: Work, ids: Sequence[str]) -> dict[str, list[Paid]]:
    query = (
        select(table_of(Subscription))
        .where(_SUBSCRIPTIONS.business_id == work.business_id, _SUBSCRIPTIONS.customer_id.in_(ids))
        .where(_SUBSCRIPTIONS.status.not_in(_NOT_STARTED), _SUBSCRIPTIONS.former_account.is_(None))
        .order_by(_SUBSCRIPTIONS.started_at, _SUBSCRIPTIONS.id)
    )
    found: dict[str, list[Paid]] = defaultdict(list)
    for row in work.session.connection().execute(query):
        is_involuntary = row.cancellation_reason in ("payment_failed", "payment_disputed")
        left_at = row.ended_at if is_involuntary else row.canceled_at or row.ended_at
        days = days_of(row.interval, row.interval_count)
        price = float(to_major(row.amount, row.currency)) * _MONTH / days
        found[row.customer_id].append(
            Paid(
                to_micros(row.started_at),
                None if left_at is None else to_micros(left_at),
                is_involuntary,
                row.interval if row.interval_count == 1 else f"{row.interval_count} {row.interval}s",
                days,
                price,
            )
        )
    return found


def _bills_by(work: Work, ids: Sequence[str]) -> dict[str, list[Bill]]:
    query = (
        select(_INVOICES.customer_id, _INVOICES.created_at, _INVOICES.due_at, _INVOICES.paid_at)
        .where(_INVOICES.business_id == work.business_id, _INVOICES.customer_id.in_(ids))
        .where(_INVOICES.status.not_in(("draft", "void")), _INVOICES.total > 0)
        .order_by(_INVOICES.created_at)
    )
    found: dict[str, list[Bill]] = defaultdict(list)
    for row in work.session.connection().execute(query):
        due, paid = (None if at is None else to_micros(at) for at in (row.due_at, row.paid_at))
        found[row.customer_id].append(Bill(to_micros(row.created_at), due, paid))
    return found
