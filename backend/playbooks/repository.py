"""Selects of playbooks and executions."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from backend.customers.models import Customer
from backend.identity.models import Member, User
from backend.playbooks.models import Playbook, PlaybookExecution, PlaybookStep


def automatic(session: Session, business_id: str) -> Sequence[Playbook]:
    """The playbooks that start by themselves."""
    query = select(Playbook).where(Playbook.business_id == business_id, Playbook.is_automatic)
    return session.scalars(query.where(Playbook.status == "ACTIVE").order_by(Playbook.id)).all()


def page(
    session: Session,
    business_id: str,
    *,
    statuses: Collection[str] | None,
    playbook_id: str | None,
    customer_id: str | None,
    after: Sequence[Any] | None,
    limit: int,
) -> Sequence[PlaybookExecution]:
    """Up to `limit` executions after the cursor values, the newest first."""
    one = PlaybookExecution
    query = select(one).where(one.business_id == business_id)
    if statuses is not None:
        query = query.where(one.status.in_(statuses))
    if playbook_id is not None:
        query = query.where(one.playbook_id == playbook_id)
    if customer_id is not None:
        query = query.where(one.customer_id == customer_id)
    if after is not None:
        at, id = after
        query = query.where(or_(one.started_at < at, and_(one.started_at == at, one.id < id)))
    return session.scalars(query.order_by(one.started_at.desc(), one.id.desc()).limit(limit)).all()


def open_count(session: Session, business_id: str, playbook_id: str | None) -> int:
    """How many are not over."""
    one = PlaybookExecution
    query = select(func.count()).where(one.business_id == business_id, one.ended_at.is_(None))
    if playbook_id is not None:
        query = query.where(one.playbook_id == playbook_id)
    return session.scalar(query) or 0


def steps_of(session: Session, business_id: str, execution_ids: Collection[str]) -> Sequence[PlaybookStep]:
    """What the steps of executions did."""
    mine = (PlaybookStep.business_id == business_id) & PlaybookStep.execution_id.in_(execution_ids)
    return session.scalars(select(PlaybookStep).where(mine)).all() if execution_ids else []


def done_counts(session: Session, business_id: str, execution_ids: Collection[str]) -> dict[str, int]:
    """How many steps are behind each of them."""
    mine = (PlaybookStep.business_id == business_id) & PlaybookStep.execution_id.in_(execution_ids)
    query = select(PlaybookStep.execution_id, func.count()).where(mine, PlaybookStep.state.in_(("DONE", "SKIPPED")))
    return {row[0]: row[1] for row in session.execute(query.group_by(PlaybookStep.execution_id))}


def latest_of(session: Session, business_id: str, playbook_id: str, ids: Collection[str]) -> dict[str, Any]:
    """Of these customers, when the playbook was last started for them, and whether it goes on: (customer_id, at, open)."""
    one = PlaybookExecution
    mine = (one.business_id == business_id) & (one.playbook_id == playbook_id) & one.customer_id.in_(ids)
    query = select(one.customer_id, func.max(one.started_at), func.count() - func.count(one.ended_at)).where(mine)
    return {row[0]: row for row in session.execute(query.group_by(one.customer_id))}


def is_known(session: Session, business_id: str, playbook_id: str, customer_id: str, cause: str) -> bool:
    """Whether this cause has started it for the customer already."""
    one = PlaybookExecution
    mine = (one.business_id == business_id) & (one.playbook_id == playbook_id) & (one.customer_id == customer_id)
    return session.scalar(select(one.id).where(mine, one.cause == cause)) is not None


def started_since(session: Session, business_id: str, playbook_id: str, at: datetime) -> int:
    """How many executions of a playbook its trigger began since then."""
    one = PlaybookExecution
    mine = (one.business_id == business_id) & (one.playbook_id == playbook_id) & (one.started_at >= at)
    return session.scalar(select(func.count()).where(mine, one.started_by.is_(None))) or 0


def figures(session: Session, business_id: str, since: datetime) -> dict[str, list[Any]]:
    """By playbook: (playbook_id, status, is_success, how many) of the executions that began since then."""
    one = PlaybookExecution
    query = (
        select(one.playbook_id, one.status, one.is_success, func.count().label("count"))
        .where(one.business_id == business_id, one.started_at >= since)
        .group_by(one.playbook_id, one.status, one.is_success)
    )
    found: dict[str, list[Any]] = {}
    for row in session.execute(query):
        found.setdefault(row.playbook_id, []).append(row)
    return found


def steps_since(session: Session, business_id: str, playbook_id: str, since: datetime) -> Sequence[Any]:
    """(step_id, state, started_at, done_at) of the steps of the executions of a playbook that began since then."""
    one, step = PlaybookExecution, PlaybookStep
    query = (
        select(step.step_id, step.state, step.started_at, step.done_at)
        .join(one, (one.id == step.execution_id) & (one.business_id == step.business_id))
        .where(step.business_id == business_id, one.playbook_id == playbook_id, one.started_at >= since)
    )
    return session.execute(query).all()


@contextmanager
def held(session: Session, executions: Sequence[PlaybookExecution]) -> Iterator[None]:
    """Their customers and playbooks are in the session meanwhile, which looks none of them up again."""
    customers = select(Customer).where(Customer.id.in_({one.customer_id for one in executions}))
    playbooks = select(Playbook).where(Playbook.id.in_({one.playbook_id for one in executions}))
    both = (session.scalars(customers).all(), session.scalars(playbooks).all())  # it holds them weakly itself
    yield
    del both


def names_of(session: Session, business_id: str) -> dict[str, str]:
    """What the members are called, also those who have left."""
    query = select(Member.id, User.name).join(User, User.id == Member.user_id).where(Member.business_id == business_id)
    return {row.id: row.name for row in session.execute(query)}
