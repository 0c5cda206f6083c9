"""Selects of interventions: one, a page, how many are due."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, literal, select, tuple_
from sqlalchemy.orm import Session

from backend.core.rows import Instant
from backend.customers.models import Customer
from backend.identity.models import Member, User
from backend.interventions.models import Intervention
from backend.interventions.schemas import Order
from backend.risk.models import ChurnPrediction, RiskScore

UNFINISHED = ("open", "active")
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)
_DUE = func.coalesce(Intervention.due_at, literal(_NEVER, Instant()), type_=Instant())
"""Those without a due date come last."""


def _with_names() -> Any:
    return (
        select(Intervention, Customer.external_id, Customer.name, User.name.label("assignee"), _DUE.label("due"))
        .join(Customer, Customer.id == Intervention.customer_id)
        .outerjoin(Member, Member.id == Intervention.assignee_id)
        .outerjoin(User, User.id == Member.user_id)
    )


def one(session: Session, business_id: str, id: str) -> Row[Any] | None:
    """An intervention with the names beside it."""
    return session.execute(
        _with_names().where(Intervention.business_id == business_id, Intervention.id == id)
    ).one_or_none()


def page(
    session: Session,
    business_id: str,
    *,
    where: Sequence[ColumnElement[bool]],
    sort: Order,
    after: Sequence[Any] | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Up to `limit` after the cursor values: what is due first, or the newest first."""
    query = _with_names().where(Intervention.business_id == business_id, *where)
    if sort == "due":
        if after is not None:
            query = query.where(tuple_(_DUE, Intervention.id) > tuple(after))
        query = query.order_by(_DUE, Intervention.id)
    else:
        if after is not None:
            query = query.where(Intervention.id < after[0])  # ids grow with time
        query = query.order_by(Intervention.id.desc())
    return session.execute(query.limit(limit)).all()


def is_cursor(sort: Order, after: Sequence[Any]) -> bool:
    """Whether the values are a place in a list of that order."""
    match sort, after:
        case ("due", [datetime(), str()]) | ("created", [str()]):
            return True
    return False


def counts(session: Session, business_id: str, now: datetime) -> tuple[int, int]:
    """How many are unfinished, and how many of those overdue."""
    mine = (Intervention.business_id == business_id) & Intervention.status.in_(UNFINISHED)
    late = func.count().filter(Intervention.due_at < now)
    unfinished, overdue = session.execute(select(func.count(), late).where(mine)).one()
    return unfinished, overdue


def of_customer(session: Session, business_id: str, customer_id: str) -> Sequence[Intervention]:
    """Those of a customer, locked, in one order."""
    mine = (Intervention.business_id == business_id) & (Intervention.customer_id == customer_id)
    return session.scalars(select(Intervention).where(mine).order_by(Intervention.id).with_for_update()).all()


def latest_score(session: Session, business_id: str, customer_id: str) -> str | None:
    """The id of the customer's latest kept score."""
    mine = (RiskScore.business_id == business_id) & (RiskScore.customer_id == customer_id)
    return session.scalar(select(RiskScore.id).where(mine).order_by(RiskScore.id.desc()).limit(1))


def probability(session: Session, business_id: str, customer_id: str) -> float | None:
    """How likely the customer was said to leave."""
    mine = (ChurnPrediction.business_id == business_id) & (ChurnPrediction.customer_id == customer_id)
    return session.scalar(select(ChurnPrediction.probability).where(mine))
