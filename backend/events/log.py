"""Appending to the log, and reading it back for feeds, timelines and the audit."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, func, insert, select, text
from sqlalchemy.orm import Session

from backend.core.ids import new_id
from backend.core.rows import table_of
from backend.events.chain import FIELDS, GENESIS, digest, link
from backend.events.event import Actor, Event
from backend.events.models import EventBody, EventRow

# Built once, on the bare tables: building and planning them anew each time cost more than running them.
_EVENTS = table_of(EventRow).c
_HEAD = (
    select(_EVENTS.seq, _EVENTS.hash).where(_EVENTS.business_id == bindparam("business")).order_by(_EVENTS.seq.desc())
)
_HEAD = _HEAD.limit(1)
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:business, 0))")
_INSERT_EVENT = insert(table_of(EventRow))
_INSERT_BODY = insert(table_of(EventBody))


def head(session: Session, business_id: str) -> tuple[int, str]:
    """(seq, hash) of the business's newest event; on PostgreSQL nobody else appends until this transaction ends."""
    known: tuple[int, str] | None = session.info.get(("chain_head", business_id))
    if known is None:
        if session.get_bind().dialect.name == "postgresql":
            # Without the lock, a reader that follows `seq > cursor` misses events of writers that commit later.
            session.connection().execute(_LOCK, {"business": business_id})
        found = session.connection().execute(_HEAD, {"business": business_id}).first()
        known = session.info["chain_head", business_id] = (found.seq, found.hash) if found else (0, GENESIS)
    return known


def append(
    session: Session, event: Event, *, business_id: str, actor: Actor, now: datetime, request_id: str
) -> EventRow:
    """Write `event` as the next link of the business's chain and return its row."""
    row, words = linked(
        event,
        *head(session, business_id),
        id=new_id(),
        business_id=business_id,
        actor=actor,
        now=now,
        request_id=request_id,
    )
    connection = session.connection()
    connection.execute(_INSERT_EVENT, row)
    connection.execute(_INSERT_BODY, words)
    session.info["chain_head", business_id] = (row["seq"], row["hash"])
    return EventRow(**row)


def linked(
    event: Event,
    seq: int,
    prev_hash: str,
    *,
    id: str,
    business_id: str,
    actor: Actor,
    now: datetime,
    request_id: str = "",
) -> tuple[dict[str, Any], dict[str, Any]]:
    """`event` as the link after (seq, hash): its row of EventRow, with the hash, and its row of EventBody."""
    body = {"data": event.data, "actorName": actor.name}
    row: dict[str, Any] = {
        "business_id": business_id,
        "seq": seq + 1,
        "id": id,
        "type": event.type,
        "subject_id": event.subject_id,
        "incidence_id": event.incidence_id,
        "customer_id": event.customer_id,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "request_id": request_id,
        "occurred_at": event.occurred_at or now,
        "recorded_at": now,
        "body_digest": digest(body, event.state),
        "prev_hash": prev_hash,
    }
    row["hash"] = link(prev_hash, [row[name] for name in FIELDS])
    return row, {"business_id": business_id, "seq": row["seq"], "body": body, "state": event.state}


def head_of(session: Session, business_id: str) -> int:
    """The seq of the business's newest event, 0 when there is none."""
    return session.scalar(select(func.max(EventRow.seq)).where(EventRow.business_id == business_id)) or 0


def _with_body(*more: Any) -> Select[Any]:
    return select(EventRow.__table__, EventBody.body, *more).join(
        EventBody, (EventBody.business_id == EventRow.business_id) & (EventBody.seq == EventRow.seq)
    )


def after(session: Session, business_id: str, seq: int, limit: int) -> Sequence[Row[Any]]:
    """Events with bodies and states newer than `seq`, oldest first."""
    query = _with_body(EventBody.state).where(EventRow.business_id == business_id, EventRow.seq > seq)
    return session.execute(query.order_by(EventRow.seq).limit(limit)).all()


def of_incidence(
    session: Session,
    business_id: str,
    incidence_id: str,
    before: int | None,
    limit: int,
    only: ColumnElement[bool] | None = None,
) -> list[Row[Any]]:
    """The newest `limit` events of an incidence with seq < `before` that fit `only`, oldest first, without states.

    A timeline of a hundred entries is read twice as fast without the hundred states, which it does not show.
    """
    query = _with_body().where(EventRow.business_id == business_id, EventRow.incidence_id == incidence_id)
    if before is not None:
        query = query.where(EventRow.seq < before)
    if only is not None:
        query = query.where(only)
    return list(reversed(session.execute(query.order_by(EventRow.seq.desc()).limit(limit)).all()))


def latest(
    session: Session, business_id: str, *, seen: Sequence[str], before: int | None, limit: int, **filters: str | None
) -> Sequence[Row[Any]]:
    """The newest `limit` events with bodies, of types in `seen`, with seq < `before`, whose columns equal `filters`."""
    query = _with_body().where(EventRow.business_id == business_id, EventRow.type.in_(seen))
    if before is not None:
        query = query.where(EventRow.seq < before)
    for column, value in filters.items():
        if value is not None:
            query = query.where(getattr(EventRow, column) == value)
    return session.execute(query.order_by(EventRow.seq.desc()).limit(limit)).all()
