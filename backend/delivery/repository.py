"""Selects of channels and letters."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from backend.delivery.models import Channel, Letter


def channels(session: Session, business_id: str, kind: str | None = None) -> Sequence[Channel]:
    """The business's channels (of one kind), the oldest first."""
    query = select(Channel).where(Channel.business_id == business_id)
    if kind is not None:
        query = query.where(Channel.kind == kind)
    return session.scalars(query.order_by(Channel.created_at, Channel.id)).all()


def letter_of(session: Session, business_id: str, cause: str) -> str | None:
    """The id of the letter with that cause."""
    return session.scalar(select(Letter.id).where(Letter.business_id == business_id, Letter.cause == cause))


def letters(
    session: Session,
    business_id: str,
    *,
    state: str | None,
    channel_id: str | None,
    after: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[Letter]:
    """Up to `limit` letters, the newest first, after the cursor values."""
    query = select(Letter).where(Letter.business_id == business_id)
    if state is not None:
        query = query.where(Letter.state == state)
    if channel_id is not None:
        query = query.where(Letter.channel_id == channel_id)
    if after is not None:
        at, id = after
        query = query.where(or_(Letter.created_at < at, and_(Letter.created_at == at, Letter.id < id)))
    return session.scalars(query.order_by(Letter.created_at.desc(), Letter.id.desc()).limit(limit)).all()


def counts(session: Session, business_id: str, since: datetime) -> Sequence[Any]:
    """(kind, channel_id, state, many) of the letters since an instant."""
    columns = (Letter.kind, Letter.channel_id, Letter.state)
    query = select(*columns, func.count().label("many")).where(
        Letter.business_id == business_id, Letter.created_at >= since
    )
    return session.execute(query.group_by(*columns)).all()
