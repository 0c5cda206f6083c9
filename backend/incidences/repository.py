"""Selects of incidences: by id or ref, and the pages of the queue."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from backend.core.errors import Invalid
from backend.core.rows import table_of
from backend.customers.models import Customer
from backend.identity.models import Member, User
from backend.incidences.models import Incidence
from backend.incidences.state import state_of

# Friction and value thresholds of the queue's views are the console's tabs, so they stand once, here.
HIGH_FRICTION = 50
SLA_RISK = timedelta(minutes=5)

_COLUMNS = [column for column in table_of(Incidence).columns if column.key != "business_id"]


def _joined() -> Select[Any]:
    customer = (Customer.external_id, Customer.name, Customer.tier, Customer.language)
    return (
        select(
            *_COLUMNS, *(column.label(f"customer_{column.key}") for column in customer), User.name.label("agent_name")
        )
        .join(Customer, Customer.id == Incidence.customer_id)
        .outerjoin(Member, Member.id == Incidence.agent_id)
        .outerjoin(User, User.id == Member.user_id)
    )


def state_of_row(row: Row[Any], currency: str) -> dict[str, Any]:
    """A row of `_joined` as IncidenceRead data."""
    customer = {
        "id": row.customer_id,
        "userId": row.customer_external_id,
        "name": row.customer_name,
        "tier": row.customer_tier,
        "language": row.customer_language,
    }
    return state_of(row, customer, row.agent_name, currency)


def find(session: Session, business_id: str, id_or_ref: str, *, lock: bool = False) -> Incidence | None:
    """The incidence with that id, or with that ref (`INC-1042`, any case); locked where the database locks rows."""
    query = select(Incidence).where(Incidence.business_id == business_id)
    if lock:
        query = query.with_for_update()
    ref = id_or_ref.upper().removeprefix("INC-")
    if id_or_ref.upper().startswith("INC-") and ref.isdigit() and len(ref) < 16:
        return session.scalars(query.where(Incidence.number == int(ref))).first()
    return session.scalars(query.where(Incidence.id == id_or_ref)).first()


def view_of(view: str, member_id: str | None, now: datetime) -> ColumnElement[bool]:
    """What a tab of the queue holds."""
    is_open = Incidence.status != "CLOSED"
    awake = and_(is_open, Incidence.status != "SNOOZED")
    match view:
        case "mine":
            return and_(awake, Incidence.agent_id == member_id)
        case "unassigned":
            return and_(awake, Incidence.agent_id.is_(None), Incidence.is_self_serve.is_(False))
        case "all":
            return is_open
        case "sla_risk":
            return and_(awake, Incidence.auto_escalate_at < now + SLA_RISK)
        case "high_friction":
            return and_(awake, Incidence.friction_score > HIGH_FRICTION)
        case "snoozed":
            return Incidence.status == "SNOOZED"
        case "closed":
            return Incidence.status == "CLOSED"
    return Incidence.id.is_(None)  # escalated, high_churn: nothing sets them yet


_WAITING = func.coalesce(Incidence.waiting_since, Incidence.created_at)
_WAITS_FOR_US = case((Incidence.waiting_since.is_(None), 1), else_=0)

SORTS: dict[str, tuple[tuple[Any, bool], ...]] = {
    # name: (expression, descending) in turn; the id makes every order total, so that pages neither skip nor repeat
    "queue": ((Incidence.priority, False), (_WAITS_FOR_US, False), (_WAITING, False), (Incidence.id, False)),
    "updated": ((Incidence.updated_at, True), (Incidence.id, True)),
    "created": ((Incidence.created_at, True), (Incidence.id, True)),
    "value": ((func.coalesce(Incidence.order_value, -1), True), (Incidence.id, True)),
    "friction": ((func.coalesce(Incidence.friction_score, -1), True), (Incidence.id, True)),
}


def page(
    session: Session, conditions: Sequence[ColumnElement[bool]], sort: str, after: Sequence[Any] | None, limit: int
) -> tuple[Sequence[Row[Any]], list[Any] | None]:
    """Up to `limit` rows in order after the cursor values, and the cursor values of the next page."""
    keys = SORTS[sort]
    query = (
        _joined().where(*conditions).add_columns(*(key.label(f"sort_{index}") for index, (key, _) in enumerate(keys)))
    )
    if after is not None:
        if len(after) != len(keys):
            raise Invalid("This cursor belongs to another order. Start from the first page.", field="cursor")
        query = query.where(_beyond(keys, after))
    query = query.order_by(*(key.desc() if descending else key.asc() for key, descending in keys)).limit(limit + 1)
    rows = session.execute(query).all()
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], [getattr(last, f"sort_{index}") for index in range(len(keys))]


def _beyond(keys: Sequence[tuple[Any, bool]], after: Sequence[Any]) -> ColumnElement[bool]:
    steps: list[ColumnElement[bool]] = []
    for index, (key, descending) in enumerate(keys):
        equal = [keys[before][0] == after[before] for before in range(index)]
        steps.append(and_(*equal, key < after[index] if descending else key > after[index]))
    return or_(*steps)


def counts(session: Session, member_id: str | None, now: datetime) -> dict[str, int]:
    """How many incidences each view holds."""
    views = ("mine", "unassigned", "all", "sla_risk", "high_friction", "high_churn", "escalated", "snoozed", "closed")
    row = session.execute(
        select(
            *(
                func.coalesce(func.sum(case((view_of(view, member_id, now), 1), else_=0)), 0).label(view)
                for view in views
            )
        )
    ).one()
    return {view: int(getattr(row, view)) for view in views}


def of(session: Session, condition: ColumnElement[bool], currency: str, limit: int = 200) -> list[dict[str, Any]]:
    """IncidenceRead data of all that fit, newest first."""
    rows = session.execute(_joined().where(condition).order_by(Incidence.id.desc()).limit(limit)).all()
    return [state_of_row(row, currency) for row in rows]
