"""Selects and inserts of the inbox."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, delete, func, literal, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from backend.core.ids import new_id
from backend.identity.models import Business
from backend.incidences.models import Conversation, Incidence
from backend.integrations.models import ConversationMark, Integration, ToldMessage, WebhookDelivery


def first_business(session: Session) -> str | None:
    """The id of the business that was made first."""
    return session.scalar(select(Business.id).order_by(Business.created_at, Business.id).limit(1))


def config_of(session: Session, business_id: str, platform: str) -> dict[str, Any]:
    """The config of the business's connection to `platform`, {} without one."""
    found = select(Integration.config).where(Integration.business_id == business_id, Integration.platform == platform)
    return session.scalar(found) or {}


def insert_once(session: Session, row: dict[str, Any]) -> str | None:
    """The id of the new delivery, or None when one with its key was there: the unique index decides."""
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = make(WebhookDelivery).values(id=new_id(), attempts=0, **row).on_conflict_do_nothing()
    return session.scalar(statement.returning(WebhookDelivery.id))


def lock_conversation(session: Session, business_id: str, platform: str, conversation_id: str) -> None:
    """Let no other unit apply facts of this conversation until this one has ended. (SQLite has one writer anyway.)"""
    if session.get_bind().dialect.name == "postgresql":
        key = f"{business_id}/{platform}/{conversation_id}"
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))


def waiting(session: Session, platform: str, conversation_id: str) -> Sequence[str]:
    """The ids of deliveries that wait for this conversation, oldest first."""
    query = select(WebhookDelivery.id).where(
        WebhookDelivery.platform == platform,
        WebhookDelivery.conversation_id == conversation_id,
        WebhookDelivery.outcome == "waiting",
    )
    return session.scalars(query.order_by(WebhookDelivery.id)).all()


def mark_of(session: Session, business_id: str, platform: str, conversation_id: str, aspect: str) -> datetime | None:
    """The newest instant at which this aspect was told of."""
    found = session.get(ConversationMark, (business_id, platform, conversation_id, aspect))
    return found.occurred_at if found else None


def set_mark(
    session: Session, business_id: str, platform: str, conversation_id: str, aspect: str, at: datetime
) -> None:
    """Move the mark to `at`."""
    session.merge(
        ConversationMark(
            business_id=business_id,
            platform=platform,
            conversation_id=conversation_id,
            aspect=aspect,
            occurred_at=at,
        )
    )


def told_first(session: Session, business_id: str, platform: str, conversation_id: str, message_id: str) -> bool:
    """Whether this message was never told before; from now on it was."""
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    key = {"business_id": business_id, "platform": platform, "conversation_id": conversation_id}
    statement = make(ToldMessage).values(**key, message_id=message_id).on_conflict_do_nothing()
    return session.scalar(statement.returning(ToldMessage.message_id)) is not None


def conversations_of(session: Session, business_id: str, customer_id: str) -> list[tuple[str, str]]:
    """(platform, conversation id) of the customer's conversations."""
    query = (
        select(Conversation.platform, Conversation.conversation_id)
        .join(Incidence, Incidence.id == Conversation.incidence_id)
        .where(Conversation.business_id == business_id, Incidence.customer_id == customer_id)
    )
    return [(platform, id) for platform, id in session.execute(query)]


def forget(
    session: Session, business_id: str, conversations: Sequence[tuple[str, str]], names: Sequence[str], now: datetime
) -> None:
    """Empty every delivery about `conversations`, or that holds one of `names` as a JSON text, and untie the conversations.

    None of the deliveries is applied any more, and what comes later in such a conversation begins a new one.
    """
    theirs = tuple_(WebhookDelivery.platform, WebhookDelivery.conversation_id).in_(conversations)
    about = or_(theirs, *(_holds(session, orjson.dumps(name)) for name in names))
    for model in (Conversation, ConversationMark, ToldMessage):
        theirs = tuple_(model.platform, model.conversation_id).in_(conversations)
        session.execute(
            delete(model).where(model.business_id == business_id, theirs).execution_options(synchronize_session=False)
        )
    looked_at = literal(now, WebhookDelivery.processed_at.type)  # its type, or SQLite keeps it as text
    session.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.business_id == business_id, about)
        .values(body=b"{}", headers={}, processed_at=func.coalesce(WebhookDelivery.processed_at, looked_at))
        .execution_options(synchronize_session=False)
    )


def _holds(session: Session, part: bytes) -> ColumnElement[bool]:
    if session.get_bind().dialect.name == "postgresql":
        return func.position(literal(part).op("IN")(WebhookDelivery.body)) > 0
    return func.instr(WebhookDelivery.body, part) > 0
