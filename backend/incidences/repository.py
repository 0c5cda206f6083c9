"""Selects of incidences: by id or ref, and the pages of the queue."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, case, func, literal_column, or_, select
from sqlalchemy.orm import Session

from backend.core.errors import Invalid
from backend.core.rows import plain, table_of
from backend.customers.models import Customer
from backend.identity.models import Member, User
from backend.incidences.churn import HIGH_CHURN, SCORE
from backend.incidences.models import Escalation, Incidence
from backend.incidences.state import TOLD_OF_ESCALATION, escalation_of, state_of

# The thresholds of the queue's views are the console's tabs, so they stand once, here.
HIGH_FRICTION = 50

# Lists are selected from the bare tables, a business at a time: the ORM's planning cost more than the reading.
CASES = table_of(Incidence).c
CUSTOMERS = table_of(Customer).c
AGENTS = table_of(User).c
_MEMBERS = table_of(Member).c
_UNSHOWN = ("business_id", "queue_rank", "climb_at", "sla_rank", "last_agent_id")
_SHOWN = [column for column in CASES if column.key not in _UNSHOWN]
_CUSTOMER = [CUSTOMERS[name].label(f"customer_{name}") for name in ("external_id", "name", "tier", "language")]
_ESCALATIONS = table_of(Escalation).c
_ESCALATION = [_ESCALATIONS[name].label(f"escalation_{name}") for name in TOLD_OF_ESCALATION]


_LISTED = (
    select(*_SHOWN, *_CUSTOMER, *_ESCALATION, AGENTS.name.label("agent_name"), SCORE.label("churn_score"))
    .select_from(
        table_of(Incidence)
        .join(table_of(Customer), CUSTOMERS.id == CASES.customer_id)
        .outerjoin(table_of(Member), _MEMBERS.id == CASES.agent_id)
        .outerjoin(table_of(User), AGENTS.id == _MEMBERS.user_id)
        .outerjoin(table_of(Escalation), _ESCALATIONS.id == CASES.escalation_id)
    )
    .where(CASES.business_id == bindparam("business"))
)


def state_of_row(row: Any, currency: str) -> dict[str, Any]:
    """A row of a list as IncidenceRead data."""
    case = plain(row)
    customer = {
        "id": case.customer_id,
        "userId": case.customer_external_id,
        "name": case.customer_name,
        "tier": case.customer_tier,
        "language": case.customer_language,
    }
    escalation = case.escalation_id and escalation_of(
        {name: getattr(case, f"escalation_{name}") for name in TOLD_OF_ESCALATION}
    )
    return state_of(case, customer, case.agent_name, currency, escalation, case.churn_score)


_BY_ID, _BY_NUMBER = (
    select(Incidence)
    .where(Incidence.business_id == bindparam("business"), column == bindparam("which"))
    .execution_options(names_business=True)
    for column in (Incidence.id, Incidence.number)
)
_LOCKED = {query: query.with_for_update(key_share=True) for query in (_BY_ID, _BY_NUMBER)}


def find(session: Session, business_id: str, id_or_ref: str, *, lock: bool = False) -> Incidence | None:
    """The incidence with that id, or with that ref (`INC-1042`, any case); locked where the database locks rows.

    Locked against changes, not against rows that name it: who adds an alert of it holds the log already, for which
    whoever changes it waits with this lock in hand.
    """
    ref = id_or_ref.upper().removeprefix("INC-")
    by_number = id_or_ref.upper().startswith("INC-") and ref.isdecimal() and len(ref) < 16
    query = _BY_NUMBER if by_number else _BY_ID
    asked = {"business": business_id, "which": int(ref) if by_number else id_or_ref}
    return session.scalars(_LOCKED[query] if lock else query, asked).first()


def id_of(session: Session, business_id: str, id_or_ref: str) -> str | None:
    """The id of the incidence with that id or ref; nothing of it is loaded, so that it may be locked as it is then."""
    ref = id_or_ref.upper().removeprefix("INC-")
    by_number = id_or_ref.upper().startswith("INC-") and ref.isdecimal() and len(ref) < 16
    is_it = CASES.number == int(ref) if by_number else CASES.id == id_or_ref
    return session.connection().execute(select(CASES.id).where(CASES.business_id == business_id, is_it)).scalar()


# In the words of the statement and not beside them: PostgreSQL then knows what it plans for, and keeps the plan.
_CLOSED: ColumnElement[str] = literal_column("'CLOSED'")
_SNOOZED: ColumnElement[str] = literal_column("'SNOOZED'")
_HIGH_FRICTION: ColumnElement[int] = literal_column(str(HIGH_FRICTION))
_HIGH_CHURN: ColumnElement[int] = literal_column(str(HIGH_CHURN))


def view_of(view: str, member_id: str | None, now: datetime) -> ColumnElement[bool]:
    """What a tab of the queue holds."""
    is_open = CASES.status != _CLOSED
    awake = and_(is_open, CASES.status != _SNOOZED)
    match view:
        case "mine":
            return and_(awake, CASES.agent_id == member_id)
        case "unassigned":
            return and_(awake, CASES.agent_id.is_(None), CASES.is_self_serve.is_(False))
        case "all":
            return is_open
        case "sla_risk":
            return and_(awake, CASES.sla_risk_at <= now)
        case "high_friction":
            return and_(awake, CASES.friction_score > _HIGH_FRICTION)
        case "high_churn":
            return and_(awake, SCORE >= _HIGH_CHURN)
        case "escalated":
            return and_(is_open, CASES.escalation_level.is_not(None))
        case "snoozed":
            return CASES.status == _SNOOZED
    return CASES.status == _CLOSED


SORTS: dict[str, tuple[tuple[Any, bool], ...]] = {
    # name: (expression, descending) in turn; the id makes every order total, so that pages neither skip nor repeat
    "queue": ((CASES.queue_rank, False), (CASES.id, False)),
    "sla": ((CASES.sla_rank, False), (CASES.id, False)),
    "updated": ((CASES.updated_at, True), (CASES.id, True)),
    "created": ((CASES.created_at, True), (CASES.id, True)),
    "value": ((func.coalesce(CASES.order_value, -1), True), (CASES.id, True)),
    "friction": ((func.coalesce(CASES.friction_score, -1), True), (CASES.id, True)),
}

_BY_INSTANT = ("updated", "created")


def page(
    session: Session,
    business_id: str,
    conditions: Sequence[ColumnElement[bool]],
    sort: str,
    after: Sequence[Any] | None,
    limit: int,
) -> tuple[Sequence[Row[Any]], list[Any] | None]:
    """Up to `limit` rows in order after the cursor values, and the cursor values of the next page."""
    keys = SORTS[sort]
    places = (key.label(f"sort_{index}") for index, (key, _) in enumerate(keys))
    query = _LISTED.where(*conditions).add_columns(*places)
    if after is not None:
        if [type(value) for value in after] != [datetime if sort in _BY_INSTANT else int, str]:
            raise Invalid("This cursor belongs to another order. Start from the first page.", field="cursor")
        query = query.where(_beyond(keys, after))
    query = query.order_by(*(key.desc() if descending else key.asc() for key, descending in keys))
    query = query.limit(literal_column(str(limit + 1)))
    rows = session.connection().execute(query, {"business": business_id}).all()
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


def counts(session: Session, business_id: str, member_id: str | None, now: datetime) -> dict[str, int]:
    """How many incidences each view holds."""
    views = ("mine", "unassigned", "all", "sla_risk", "high_friction", "high_churn", "escalated", "snoozed", "closed")
    sums = (func.coalesce(func.sum(case((view_of(view, member_id, now), 1), else_=0)), 0).label(view) for view in views)
    row = session.connection().execute(select(*sums).where(CASES.business_id == business_id)).one()
    return {view: int(getattr(row, view)) for view in views}


_CHOSEN = ("id", "number", "version", "status", "agent_id", "priority", "labels", "watcher_ids", "summary")


def chosen(
    session: Session, business_id: str, conditions: Sequence[ColumnElement[bool]], limit: int
) -> Sequence[Row[Any]]:
    """What a verb on many must know of the cases that fit, in the order of the queue; `limit` at most."""
    columns: list[Any] = [*(CASES[name] for name in _CHOSEN), AGENTS.name.label("agent_name")]
    query = _LISTED.with_only_columns(*columns).where(*conditions).order_by(CASES.queue_rank, CASES.id).limit(limit)
    return session.connection().execute(query, {"business": business_id}).all()


def of(
    session: Session, business_id: str, condition: ColumnElement[bool], currency: str, limit: int = 200
) -> list[dict[str, Any]]:
    """IncidenceRead data of all that fit, newest first."""
    query = _LISTED.where(condition).order_by(CASES.id.desc()).limit(limit)
    rows = session.connection().execute(query, {"business": business_id}).all()
    return [state_of_row(row, currency) for row in rows]
