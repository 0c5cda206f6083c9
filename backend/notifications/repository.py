"""Selects of notifications."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.notifications.models import STANDING, UNDECIDED, Notification


def changed(session: Session, business_id: str, customer_id: str, after: int | None, limit: int) -> list[Notification]:
    """Those of a customer that something happened to after that seq, the oldest first; without one, the newest."""
    mine = (Notification.business_id == business_id) & (Notification.customer_id == customer_id)
    query = select(Notification).where(mine).limit(limit)
    if after is not None:
        return list(session.scalars(query.where(Notification.seq > after).order_by(Notification.seq)))
    return list(reversed(session.scalars(query.order_by(Notification.seq.desc())).all()))


def unshown(session: Session, business_id: str, ids: Collection[str]) -> list[Notification]:
    """Those among `ids` that no app has shown yet."""
    query = select(Notification).where(Notification.business_id == business_id, Notification.id.in_(ids))
    return list(session.scalars(query.where(Notification.state == "OFFERED").order_by(Notification.seq)))


def standing(session: Session, business_id: str, customer_id: str) -> list[Notification]:
    """Those of a customer that wait for them, whatever visit they come in, and that no app has shown yet."""
    mine = (Notification.business_id == business_id) & (Notification.customer_id == customer_id)
    waits = (Notification.rule_kind == STANDING) & (Notification.state == "OFFERED")
    return list(session.scalars(select(Notification).where(mine, waits).order_by(Notification.seq)))


def undecided(session: Session, business_id: str, customer_id: str) -> Sequence[Notification]:
    """Those to which the customer said neither yes nor no."""
    query = select(Notification).where(
        Notification.business_id == business_id,
        Notification.customer_id == customer_id,
        Notification.state.in_(UNDECIDED),
    )
    return session.scalars(query.order_by(Notification.seq).execution_options(populate_existing=True)).all()
