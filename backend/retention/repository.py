"""Selects of flows and runs."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.identity.models import Member, User
from backend.retention.models import FlowVersion


def versions_of(session: Session, business_id: str, flow_id: str) -> Sequence[FlowVersion]:
    """The documents of a flow, the newest first."""
    mine = (FlowVersion.business_id == business_id) & (FlowVersion.flow_id == flow_id)
    return session.scalars(select(FlowVersion).where(mine).order_by(FlowVersion.number.desc())).all()


def version_of(session: Session, business_id: str, flow_id: str, number: int) -> FlowVersion | None:
    """One of them."""
    mine = (FlowVersion.business_id == business_id) & (FlowVersion.flow_id == flow_id)
    return session.scalar(select(FlowVersion).where(mine, FlowVersion.number == number))


def names_of(session: Session, member_ids: Collection[str]) -> dict[str, str]:
    """What members are called."""
    query = select(Member.id, User.name).join(User, User.id == Member.user_id).where(Member.id.in_(member_ids))
    return {row.id: row.name for row in session.execute(query)} if member_ids else {}
