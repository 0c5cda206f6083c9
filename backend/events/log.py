"""Appending to the log, and reading it back for feeds, timelines and the audit."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, insert, select, text
from sqlalchemy.orm import Session

from backend.core.ids import new_id
from backend.core.reading import as_read
from backend.core.rows import plain, table_of
from backend.events.chain import FIELDS, GENESIS, digest, link
from backend.events.event import Actor, Event
from backend.events.models import EventBody, EventRow

# Built once, on the bare tables: building and planning them anew each time cost more than running them.
EVENTS = table_of(EventRow).c
_BODIES = table_of(EventBody).c
_NO_SEQ = 2**62
_HEAD = select(EVENTS.seq, EVENTS.hash).where(EVENTS.business_id == bindparam("business"))
_HEAD = _HEAD.order_by(EVENTS.seq.desc()).limit(1)
_WITH_BODY = select(table_of(EventRow), _BODIES.body).join(
    table_of(EventBody), (_BODIES.business_id == EVENTS.business_id) & (_BODIES.seq == EVENTS.seq)
)


def with_state() -> Select[Any]:
    """A select of events with bodies and states, for who reads the log by conditions of their own."""
    return _WITH_BODY.add_columns(_BODIES.state)


_AFTER = (
    _WITH_BODY.add_columns(_BODIES.state)
    .where(EVENTS.business_id == bindparam("business"), EVENTS.seq > bindparam("after"))
    .order_by(EVENTS.seq)
    .limit(bindparam("most"))
)
_OF_INCIDENCE = (
    _WITH_BODY.where(
        EVENTS.business_id == bindparam("business"),
        EVENTS.incidence_id == bindparam("incidence"),
        EVENTS.seq < bindparam("before"),
    )
    .order_by(EVENTS.seq.desc())
    .limit(bindparam("most"))
)
_OF_INCIDENCES = (
    _WITH_BODY.where(
        EVENTS.business_id == bindparam("business"),
        EVENTS.incidence_id.in_(bindparam("incidences", expanding=True)),
        EVENTS.seq < bindparam("before"),
    )
    .order_by(EVENTS.seq.desc())
    .limit(bindparam("most"))
)
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
    return as_read(EventRow, row)


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
    found = session.connection().execute(_HEAD, {"business": business_id}).first()
    return found.seq if found else 0


def after(session: Session, business_id: str, seq: int, limit: int) -> Sequence[Row[Any]]:
    """Events with bodies and states newer than `seq`, oldest first."""
    return session.connection().execute(_AFTER, {"business": business_id, "after": seq, "most": limit}).all()


def of_incidence(
    session: Session,
    business_id: str,
    incidence_id: str,
    before: int | None,
    limit: int,
    only: ColumnElement[bool] | None = None,
    *,
    merged: Sequence[str] = (),
) -> list[Any]:
    """The newest `limit` events of an incidence with seq < `before` that fit `only`, oldest first, without states.

    Those of the incidences in `merged` are among them: they are part of it.
    A timeline of a hundred entries is read twice as fast without the hundred states, which it does not show.
    """
    asked = {"business": business_id, "incidence": incidence_id, "before": before or _NO_SEQ, "most": limit}
    query = _OF_INCIDENCE
    if merged:
        asked = {"business": business_id, "incidences": [incidence_id, *merged], **asked}
        query = _OF_INCIDENCES
    query = query if only is None else query.where(only)
    return [plain(row) for row in reversed(session.connection().execute(query, asked).all())]


def latest(
    session: Session, business_id: str, *, seen: Sequence[str], before: int | None, limit: int, **filters: str | None
) -> Sequence[Row[Any]]:
    """The newest `limit` events with bodies, of types in `seen`, with seq < `before`, whose columns equal `filters`."""
    query = _WITH_BODY.where(EVENTS.business_id == business_id, EVENTS.type.in_(seen))
    if before is not None:
        query = query.where(EVENTS.seq < before)
    for column, value in filters.items():
        if value is not None:
            query = query.where(EVENTS[column] == value)
    return session.connection().execute(query.order_by(EVENTS.seq.desc()).limit(limit)).all()
