"""Selects of alerts: a member's pages, who hears of what, and what is unread."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, case, func, or_, select
from sqlalchemy.orm import Session

from backend.alerts.models import Alert, AlertCause, AlertItem
from backend.customers.models import Customer
from backend.delivery.models import Channel, Letter
from backend.identity.models import Member, User
from backend.incidences.models import Incidence

_IS_READ = case((Alert.read_at.is_(None), 0), else_=1)


def page(
    session: Session,
    business_id: str,
    member_id: str,
    *,
    unread: bool | None = None,
    id: str | None = None,
    after: Sequence[Any] | None = None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Up to `limit` of a member's alerts after the cursor values: unread first, then the newest first. Only the one
    with that id, when one is given."""
    query = (
        select(
            Alert, _IS_READ.label("is_read"), Incidence.number, Incidence.summary, Customer.name, Customer.external_id
        )
        .outerjoin(Incidence, Incidence.id == Alert.incidence_id)
        .outerjoin(Customer, Customer.id == func.coalesce(Incidence.customer_id, Alert.customer_id))
        .where(*_own(business_id, member_id))
    )
    if unread is not None:
        query = query.where(Alert.read_at.is_(None) if unread else Alert.read_at.is_not(None))
    if id is not None:
        query = query.where(Alert.id == id)
    if after is not None:
        is_read, at, last = after
        older = or_(Alert.at < at, and_(Alert.at == at, Alert.id < last))
        query = query.where(or_(is_read < _IS_READ, and_(is_read == _IS_READ, older)))
    return session.execute(query.order_by(_IS_READ, Alert.at.desc(), Alert.id.desc()).limit(limit)).all()


def unread_count(session: Session, business_id: str, member_id: str) -> int:
    """How many a member has not read."""
    query = select(func.count()).select_from(Alert).where(*_own(business_id, member_id), Alert.read_at.is_(None))
    return session.scalar(query) or 0


def unread_of(session: Session, business_id: str, member_id: str) -> Sequence[Alert]:
    """Those alerts."""
    return session.scalars(select(Alert).where(*_own(business_id, member_id), Alert.read_at.is_(None))).all()


def unread_about(
    session: Session, business_id: str, incidence_id: str | None, kinds: Collection[str]
) -> Sequence[Alert]:
    """Everybody's unread alerts of these kinds about a case, or about none."""
    about = (Alert.business_id == business_id, Alert.incidence_id == incidence_id, Alert.kind.in_(kinds))
    return session.scalars(select(Alert).where(*about, Alert.read_at.is_(None)).order_by(Alert.id)).all()


def read_before(session: Session, business_id: str, at: datetime, limit: int) -> Sequence[str]:
    """The ids of alerts that were read before an instant."""
    query = select(Alert.id).where(Alert.business_id == business_id, Alert.read_at < at).limit(limit)
    return session.scalars(query).all()


def staff(session: Session, business_id: str) -> Sequence[Row[Any]]:
    """(id, role, preferences, email) of who works here."""
    here = (Member.business_id == business_id) & Member.removed_at.is_(None)
    columns = (Member.id, Member.role, Member.preferences, User.email)
    return session.execute(select(*columns).join(User, User.id == Member.user_id).where(here).order_by(Member.id)).all()


def caused_by(session: Session, business_id: str, seq: int) -> Sequence[Alert]:
    """Everybody's alerts that the event at `seq` raised or counted on."""
    query = select(Alert).join(AlertCause, AlertCause.alert_id == Alert.id)
    mine = (AlertCause.business_id == business_id) & (AlertCause.seq == seq)
    return session.scalars(query.where(mine).order_by(Alert.id)).all()


def deliveries(session: Session, business_id: str, alert_id: str, member_id: str) -> Sequence[Any]:
    """Where what an alert stands for was told outside, a row for each letter and each place at which it still waits:
    way, channel (its name), email, letter_id, state, error, settled_at, sent_at, due_at, many."""
    causes = select(AlertCause.seq).where(AlertCause.business_id == business_id, AlertCause.alert_id == alert_id)
    columns = (
        AlertItem.way,
        AlertItem.letter_id,
        Channel.name.label("channel"),
        User.email,
        Letter.state,
        Letter.error,
        Letter.settled_at,
    )
    query = (
        select(
            *columns,
            func.min(AlertItem.sent_at).label("sent_at"),
            func.min(AlertItem.due_at).label("due_at"),
            func.count().label("many"),
        )
        .outerjoin(Letter, (Letter.id == AlertItem.letter_id) & (Letter.business_id == business_id))
        .outerjoin(Channel, (Channel.id == AlertItem.channel_id) & (Channel.business_id == business_id))
        .outerjoin(Member, (Member.id == AlertItem.destination) & (Member.business_id == business_id))
        .outerjoin(User, User.id == Member.user_id)
        .where(AlertItem.business_id == business_id, AlertItem.seq.in_(causes))
        .where((AlertItem.way != "EMAIL") | (AlertItem.destination == member_id))  # others' mail is theirs to know of
    )
    told = func.min(AlertItem.due_at)
    return session.execute(query.group_by(*columns, AlertItem.destination).order_by(told, AlertItem.destination)).all()


def _own(business_id: str, member_id: str) -> tuple[Any, ...]:
    return Alert.business_id == business_id, Alert.member_id == member_id


def is_cursor(values: Sequence[Any]) -> bool:
    """Whether these are cursor values of :func:`page`."""
    return [type(value) for value in values] == [int, datetime, str]
