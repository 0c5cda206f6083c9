"""Appending to the log, and reading it back for feeds, timelines and the audit."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, insert, select, text
from sqlalchemy.orm import Session

from backend.core.ids import new_id
from backend.events.chain import FIELDS, GENESIS, digest, link
from backend.events.event import Actor, Event
from backend.events.models import EventBody, EventRow

_HEAD = select(EventRow.seq, EventRow.hash).order_by(EventRow.seq.desc()).limit(1)


def append(session: Session, event: Event, *, business_id: str, actor: Actor, now: datetime, request_id: str) -> EventRow:
    """Write `event` as the next link of the business's chain and return its row."""
    head = session.info.get("chain_head")
    if head is None:
        if session.get_bind().dialect.name == "postgresql":
            # Without the lock, a reader that follows `seq > cursor` misses events of writers that commit later.
            session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:id, 0))"), {"id": business_id})
        found = session.execute(_HEAD.where(EventRow.business_id == business_id)).first()
        head = (found.seq, found.hash) if found else (0, GENESIS)
    body = {"state": event.state, "data": event.data, "actorName": actor.name}
    row: dict[str, Any] = {
        "business_id": business_id,
        "seq": head[0] + 1,
        "id": new_id(),
        "type": event.type,
        "subject_id": event.subject_id,
        "incidence_id": event.incidence_id,
        "customer_id": event.customer_id,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "request_id": request_id,
        "occurred_at": event.occurred_at or now,
        "recorded_at": now,
        "body_digest": digest(body),
        "prev_hash": head[1],
    }
    row["hash"] = link(head[1], [row[name] for name in FIELDS])
    session.execute(insert(EventRow), row)
    session.execute(insert(EventBody), {"business_id": business_id, "seq": row["seq"], "body": body})
    session.info["chain_head"] = (row["seq"], row["hash"])
    return EventRow(**row)


def head_of(session: Session, business_id: str) -> int:
    """The seq of the business's newest event, 0 when there is none."""
    return session.scalar(select(func.max(EventRow.seq)).where(EventRow.business_id == business_id)) or 0


def _with_body() -> Select[Any]:
    return select(EventRow.__table__, EventBody.body).join(
        EventBody, (EventBody.business_id == EventRow.business_id) & (EventBody.seq == EventRow.seq)
    )


def after(session: Session, business_id: str, seq: int, limit: int) -> Sequence[Row[Any]]:
    """Events with bodies newer than `seq`, oldest first."""
    query = _with_body().where(EventRow.business_id == business_id, EventRow.seq > seq)
    return session.execute(query.order_by(EventRow.seq).limit(limit)).all()


def of_incidence(session: Session, business_id: str, incidence_id: str, before: int | None, limit: int) -> list[Row[Any]]:
    """The newest `limit` events of an incidence with seq < `before`, oldest first."""
    query = _with_body().where(EventRow.business_id == business_id, EventRow.incidence_id == incidence_id)
    if before is not None:
        query = query.where(EventRow.seq < before)
    return list(reversed(session.execute(query.order_by(EventRow.seq.desc()).limit(limit)).all()))
