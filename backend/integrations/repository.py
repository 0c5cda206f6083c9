"""Selects and inserts of the inbox."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, delete, func, literal, or_, select, tuple_, update
from sqlalchemy.orm import Session

from backend.core.databases import insert_into
from backend.core.ids import new_id
from backend.core.rows import table_of
from backend.events.models import EventBody
from backend.identity.models import Business
from backend.incidences.carrying import Tie
from backend.incidences.models import Conversation, Incidence
from backend.integrations.kinds import WEBHOOK
from backend.integrations.models import (
    ConversationMark,
    Integration,
    OutgoingCall,
    SyncRun,
    ToldMessage,
    WebhookDelivery,
)


def first_business(session: Session) -> str | None:
    """The id of the business that was made first."""
    return session.scalar(select(Business.id).order_by(Business.created_at, Business.id).limit(1))


def config_of(session: Session, business_id: str, platform: str) -> dict[str, Any]:
    """The config of the business's connection to `platform`, {} without one."""
    found = select(Integration.config).where(Integration.business_id == business_id, Integration.platform == platform)
    return session.scalar(found) or {}


def insert_once(session: Session, row: dict[str, Any]) -> str | None:
    """The id of the new delivery, or None when one with its key was there: the unique index decides."""
    statement = insert_into(WebhookDelivery, session).values(id=new_id(), attempts=0, **row).on_conflict_do_nothing()
    found: str | None = session.scalar(statement.returning(WebhookDelivery.id))
    return found


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


def value_of(session: Session, business_id: str, platform: str, conversation_id: str, aspect: str) -> str | None:
    """What this aspect was told to be."""
    found = session.get(ConversationMark, (business_id, platform, conversation_id, aspect))
    return found.value if found else None


def set_mark(
    session: Session,
    business_id: str,
    platform: str,
    conversation_id: str,
    aspect: str,
    at: datetime,
    value: str | None = None,
) -> None:
    """Move the mark to `at`."""
    session.merge(
        ConversationMark(
            business_id=business_id,
            platform=platform,
            conversation_id=conversation_id,
            aspect=aspect,
            occurred_at=at,
            value=value,
        )
    )


def case_id(session: Session, business_id: str, platform: str, conversation_id: str) -> str | None:
    """The id of the case that a conversation is tied to."""
    tie = session.get(Conversation, (business_id, platform, conversation_id))
    return tie.incidence_id if tie else None


def told_first(
    session: Session,
    business_id: str,
    platform: str,
    conversation_id: str,
    message_id: str,
    *,
    kind: str,
    at: datetime,
) -> bool:
    """Whether this message (or change of status) was never told before; from now on it was."""
    key = {"business_id": business_id, "platform": platform, "conversation_id": conversation_id}
    row = insert_into(ToldMessage, session).values(**key, message_id=message_id, kind=kind, occurred_at=at)
    statement = row.on_conflict_do_nothing()
    return session.scalar(statement.returning(ToldMessage.message_id)) is not None


def told_ids(session: Session, business_id: str, platform: str, conversation_id: str) -> frozenset[str]:
    """The ids of everything that was told in a conversation."""
    query = select(ToldMessage.message_id).where(
        ToldMessage.business_id == business_id,
        ToldMessage.platform == platform,
        ToldMessage.conversation_id == conversation_id,
    )
    return frozenset(session.scalars(query))


def told_of(session: Session, business_id: str, platform: str, conversation_id: str) -> list[tuple[datetime, str, str]]:
    """(when, kind, id) of what was told in a conversation, in the order in which it happened."""
    query = (
        select(ToldMessage.occurred_at, ToldMessage.kind, ToldMessage.message_id)
        .where(
            ToldMessage.business_id == business_id,
            ToldMessage.platform == platform,
            ToldMessage.conversation_id == conversation_id,
            ToldMessage.kind.is_not(None),
        )
        .order_by(ToldMessage.occurred_at, ToldMessage.message_id)
    )
    return [(at, kind, id) for at, kind, id in session.execute(query) if at is not None and kind is not None]


def has_newer(session: Session, business_id: str, platform: str, conversation_id: str, at: datetime) -> bool:
    """Whether something that happened after `at` was told of a conversation."""
    query = select(ToldMessage.message_id).where(
        ToldMessage.business_id == business_id,
        ToldMessage.platform == platform,
        ToldMessage.conversation_id == conversation_id,
        ToldMessage.occurred_at > at,
    )
    return session.execute(query.limit(1)).first() is not None


def integration_of(session: Session, business_id: str, platform: str) -> Integration | None:
    """The business's connection to a platform."""
    query = select(Integration).where(Integration.business_id == business_id, Integration.platform == platform)
    return session.scalars(query).first()


def integrations(session: Session, business_id: str) -> Sequence[Integration]:
    """The business's connections, by platform."""
    query = select(Integration).where(Integration.business_id == business_id)
    return session.scalars(query.order_by(Integration.platform, Integration.name, Integration.id)).all()


def endpoints(session: Session, business_id: str) -> Sequence[Integration]:
    """The business's endpoints of webhooks that are not stopped, held against others who tell them, in one order."""
    query = select(Integration).where(
        Integration.business_id == business_id, Integration.platform == WEBHOOK, Integration.stopped_at.is_(None)
    )
    return session.scalars(query.order_by(Integration.id).with_for_update()).all()


def last_runs(session: Session, business_id: str, integration_ids: Sequence[str]) -> dict[str, SyncRun]:
    """The newest reading of each of these connections."""
    found = {}
    for id in integration_ids:  # there are few
        mine = (SyncRun.business_id == business_id, SyncRun.integration_id == id)
        query = select(SyncRun).where(*mine).order_by(SyncRun.began_at.desc(), SyncRun.id.desc()).limit(1)
        if (run := session.scalars(query).first()) is not None:
            found[id] = run
    return found


_INTEGRATIONS = table_of(Integration).c
_WITH_ENDPOINTS = (
    select(_INTEGRATIONS.business_id)
    .where(_INTEGRATIONS.platform == WEBHOOK, _INTEGRATIONS.stopped_at.is_(None))
    .distinct()
)


def with_endpoints(session: Session) -> Collection[str]:
    """The businesses that have an endpoint of webhooks."""
    return session.connection().execute(_WITH_ENDPOINTS).scalars().all()


_OPEN = ("QUEUED", "SENDING", "UNKNOWN")


def open_calls(session: Session, business_id: str, platform: str, conversation_id: str) -> Sequence[OutgoingCall]:
    """The calls of a conversation that are not over, in order."""
    query = select(OutgoingCall).where(
        OutgoingCall.business_id == business_id,
        OutgoingCall.platform == platform,
        OutgoingCall.conversation_id == conversation_id,
        OutgoingCall.state.in_(_OPEN),
    )
    return session.scalars(query.order_by(OutgoingCall.seq, OutgoingCall.id)).all()


def calls_tried(session: Session, business_id: str, platform: str, conversation_id: str) -> Sequence[OutgoingCall]:
    """The messages of a conversation that were tried, and of which we do not know that they are there."""
    query = select(OutgoingCall).where(
        OutgoingCall.business_id == business_id,
        OutgoingCall.platform == platform,
        OutgoingCall.conversation_id == conversation_id,
        OutgoingCall.state.in_((*_OPEN, "FAILED")),
        OutgoingCall.kind == "MESSAGE",
        OutgoingCall.first_tried_at.is_not(None),
    )
    return session.scalars(query.order_by(OutgoingCall.seq)).all()


def calls(
    session: Session, business_id: str, incidence_id: str | None, state: str | None, limit: int
) -> Sequence[OutgoingCall]:
    """Calls, the newest first, of one case or in one state when that is asked for."""
    query = select(OutgoingCall).where(OutgoingCall.business_id == business_id)
    if incidence_id is not None:
        query = query.where(OutgoingCall.incidence_id == incidence_id)
    if state is not None:
        query = query.where(OutgoingCall.state == state)
    return session.scalars(query.order_by(OutgoingCall.seq.desc(), OutgoingCall.id.desc()).limit(limit)).all()


def unsettled(session: Session, business_id: str) -> dict[str, dict[str, int]]:
    """How many calls are in each state but SENT, by platform."""
    query = (
        select(OutgoingCall.platform, OutgoingCall.state, func.count())
        .where(OutgoingCall.business_id == business_id, OutgoingCall.state.in_((*_OPEN, "FAILED")))
        .group_by(OutgoingCall.platform, OutgoingCall.state)
    )
    found: dict[str, dict[str, int]] = {}
    for platform, state, count in session.execute(query):
        found.setdefault(platform, {})[state] = count
    return found


def failing_deliveries(session: Session, business_id: str) -> dict[str, int]:
    """How many webhooks have failed and are not applied, by platform."""
    whose = func.coalesce(WebhookDelivery.integration_id, WebhookDelivery.platform)
    query = (
        select(whose, func.count())
        .where(
            WebhookDelivery.business_id == business_id,
            WebhookDelivery.processed_at.is_(None),
            WebhookDelivery.error.is_not(None),
        )
        .group_by(whose)
    )
    return dict(session.execute(query).tuples().all())


def words_of(session: Session, business_id: str, seq: int) -> str | None:
    """The text of the message that the event at `seq` is; None when its customer was erased."""
    body = session.scalar(select(EventBody.body).where(EventBody.business_id == business_id, EventBody.seq == seq))
    text = ((body or {}).get("data") or {}).get("text")
    return text if isinstance(text, str) else None


def newest_of(session: Session, business_id: str, ties: Sequence[Tie]) -> Tie:
    """Of the conversations of a case, the one in which something was said last."""
    if len(ties) == 1:
        return ties[0]
    said = {tie: mark_of(session, business_id, *tie, "message") for tie in ties}
    return max(ties, key=lambda tie: (said[tie] is not None, said[tie], tie))


def recent_conversations(session: Session, business_id: str, platform: str, since: datetime) -> list[str]:
    """The conversations of cases that are open, or were changed after `since`."""
    query = (
        select(Conversation.conversation_id)
        .join(Incidence, Incidence.id == Conversation.incidence_id)
        .where(
            Conversation.business_id == business_id,
            Conversation.platform == platform,
            or_(Incidence.status != "CLOSED", Incidence.updated_at >= since),
        )
    )
    return list(session.scalars(query.order_by(Conversation.conversation_id)))


def job_key(what: str, *about: str) -> str:
    """A job's key about something whose name may be long."""
    return f"{what}:{hashlib.sha256('/'.join(about).encode()).hexdigest()[:40]}"


def conversations_of(session: Session, business_id: str, customer_id: str) -> list[tuple[str, str]]:
    """(platform, conversation id) of the customer's conversations."""
    query = (
        select(Conversation.platform, Conversation.conversation_id)
        .join(Incidence, Incidence.id == Conversation.incidence_id)
        .where(Conversation.business_id == business_id, Incidence.customer_id == customer_id)
    )
    return [(platform, id) for platform, id in session.execute(query)]


def about(session: Session, conversations: Sequence[tuple[str, str]], names: Sequence[str]) -> ColumnElement[bool]:
    """Deliveries about `conversations`, or that hold one of `names` as a JSON text."""
    theirs = tuple_(WebhookDelivery.platform, WebhookDelivery.conversation_id).in_(conversations)
    return or_(theirs, *(_holds(session, orjson.dumps(name)) for name in names))


def of_conversations(
    session: Session, business_id: str, model: type[ConversationMark | ToldMessage], wanted: Sequence[tuple[str, str]]
) -> list[dict[str, Any]]:
    """The rows of some conversations."""
    table = table_of(model)
    theirs = tuple_(table.c.platform, table.c.conversation_id).in_(wanted)
    rows = session.connection().execute(select(table).where(table.c.business_id == business_id, theirs))
    return [dict(row) for row in rows.mappings()]


def deliveries_about(
    session: Session, business_id: str, conversations: Sequence[tuple[str, str]], names: Sequence[str]
) -> list[dict[str, Any]]:
    """Those webhooks, as they came; headers aside, which are the platform's."""
    names_of_columns = ("id", "platform", "conversation_id", "body", "received_at", "processed_at", "outcome")
    columns = (getattr(WebhookDelivery, name) for name in names_of_columns)
    mine = WebhookDelivery.business_id == business_id
    rows = session.execute(select(*columns).where(mine, about(session, conversations, names)))
    return [dict(row) for row in rows.mappings()]


def forget(
    session: Session, business_id: str, conversations: Sequence[tuple[str, str]], names: Sequence[str], now: datetime
) -> None:
    """Empty every delivery about `conversations`, or that holds one of `names` as a JSON text, and untie the conversations.

    None of the deliveries is applied any more, and what comes later in such a conversation begins a new one.
    """
    told = about(session, conversations, names)
    for model in (Conversation, ConversationMark, ToldMessage, OutgoingCall):
        theirs = tuple_(model.platform, model.conversation_id).in_(conversations)
        session.execute(
            delete(model).where(model.business_id == business_id, theirs).execution_options(synchronize_session=False)
        )
    looked_at = literal(now, WebhookDelivery.processed_at.type)  # its type, or SQLite keeps it as text
    session.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.business_id == business_id, told)
        .values(
            body=b"{}",
            headers={},
            error=None,
            conversation_id=None,
            processed_at=func.coalesce(WebhookDelivery.processed_at, looked_at),
        )
        .execution_options(synchronize_session=False)
    )


def _holds(session: Session, part: bytes) -> ColumnElement[bool]:
    if session.get_bind().dialect.name == "postgresql":
        return func.position(literal(part).op("IN")(WebhookDelivery.body)) > 0
    return func.instr(WebhookDelivery.body, part) > 0
