"""Selects of the mirror."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, tuple_, update
from sqlalchemy.orm import Session

from backend.billing.models import Plan, StripeAccount, Subscription
from backend.core import cursor as cursors
from backend.core.errors import Invalid
from backend.core.text import clean_line
from backend.customers.models import Customer
from backend.identity.models import Business

_NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""What has no renewal comes last."""


class Sort(NamedTuple):
    """What a list is sorted by, beside the id."""

    key: ColumnElement[Any]
    kind: type
    is_descending: bool


_RENEWAL = func.coalesce(Subscription.current_period_end, literal(_NEVER, Subscription.current_period_end.type))
SORTS = {
    "newest": Sort(Subscription.id, str, True),  # type: ignore[arg-type]
    "mrr": Sort(Subscription.mrr, int, False),  # type: ignore[arg-type]
    "-mrr": Sort(Subscription.mrr, int, True),  # type: ignore[arg-type]
    "renewal": Sort(_RENEWAL, datetime, False),
    "-renewal": Sort(_RENEWAL, datetime, True),
}


def first_business(session: Session) -> str | None:
    """The id of the business that was made first: the settings' key is its."""
    return session.scalar(select(Business.id).order_by(Business.created_at, Business.id).limit(1))


def account(session: Session, business_id: str) -> StripeAccount | None:
    """The Stripe account of the business, disconnected or not."""
    return session.scalar(select(StripeAccount).where(StripeAccount.business_id == business_id))


def lock_new(session: Session, business_id: str, what: str) -> None:
    """Let nobody else add to the mirror of `what` until this unit has ended: then look again whether it is there.

    Take it with no more than the rows in hand that are taken before it everywhere. (SQLite has one writer anyway.)
    """
    if session.get_bind().dialect.name == "postgresql":
        key = f"{business_id}/stripe/{what}"
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))


def note_trouble(session: Session, business_id: str, words: str, now: datetime) -> None:
    """Stripe did not do what we asked."""
    mine = StripeAccount.business_id == business_id
    statement = update(StripeAccount).where(mine).values(error=words, failed_at=now)
    session.execute(statement.execution_options(synchronize_session=False))


def subscription(session: Session, business_id: str, id: str) -> Subscription | None:
    """The subscription by our id or Stripe's."""
    either = or_(Subscription.id == id, Subscription.stripe_subscription_id == id)
    found = session.scalars(select(Subscription).where(Subscription.business_id == business_id, either)).all()
    return min(found, key=lambda row: row.id != id, default=None)


def plans(session: Session, business_id: str, *, is_active: bool | None) -> Sequence[Plan]:
    """All plans, or those that can (or can no longer) be subscribed to."""
    query = select(Plan).where(Plan.business_id == business_id)
    return session.scalars(query if is_active is None else query.where(Plan.is_active == is_active)).all()


class Filters(NamedTuple):
    """`customer` is our id or the external one, `plan` our id or Stripe's of the price; `q` finds part of a customer's
    name or external id, or a whole e-mail address or id of Stripe's."""

    customer: str | None = None
    status: tuple[str, ...] = ()
    plan: str | None = None
    q: str = ""


def page(
    session: Session, business_id: str, filters: Filters, *, sort: str, cursor: str | None, limit: int
) -> tuple[list[tuple[Subscription, Customer]], str | None]:
    """One page of subscriptions with their customers, and the cursor of the next."""
    order = SORTS[sort]
    query: Select[Any] = select(Subscription, Customer, order.key.label("sort_key")).join(
        Customer, Customer.id == Subscription.customer_id
    )
    query = query.where(Subscription.business_id == business_id)
    if id := filters.customer:
        query = query.where(or_(Subscription.customer_id == id, Customer.external_id == id))
    if filters.status:
        query = query.where(Subscription.status.in_(filters.status))
    if id := filters.plan:
        mine = select(Plan.id).where(Plan.business_id == business_id)
        query = query.where(Subscription.plan_id.in_(mine.where(or_(Plan.id == id, Plan.stripe_price_id == id))))
    if q := clean_line(filters.q):
        query = query.where(_matches(q))
    if cursor:
        here, place = tuple_(order.key, Subscription.id), _place(cursor, order)
        query = query.where(here < place if order.is_descending else here > place)
    keys = (order.key, Subscription.id)
    query = query.order_by(*(key.desc() for key in keys) if order.is_descending else keys)
    rows = session.execute(query.limit(limit + 1)).all()
    found = [(row[0], row[1]) for row in rows[:limit]]
    if len(rows) <= limit:
        return found, None
    return found, cursors.encode([rows[limit - 1].sort_key, found[-1][0].id])


def _matches(q: str) -> ColumnElement[bool]:
    like = "%" + q.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
    return or_(
        and_(Customer.erased_at.is_(None), Customer.name.ilike(like, escape="\\")),
        Customer.external_id.ilike(like, escape="\\"),
        Customer.email == q.lower(),
        Subscription.stripe_subscription_id == q,
        Subscription.stripe_customer_id == q,
    )


def _place(cursor: str, order: Sort) -> tuple[Any, str]:
    """The place that a cursor stands for; Invalid when we did not make it for this order."""
    match cursors.decode(cursor):
        case [key, str(id)] if isinstance(key, order.kind):
            return key, id
    raise Invalid("This cursor is not one of this list. Start from the first page.", field="cursor")
