"""The log of events. Rows are never changed; what could be personal lies beside them and can be erased."""

from datetime import datetime
from typing import Any

from sqlalchemy import DDL, BigInteger, ForeignKeyConstraint, Index, String, event
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.rows import Base, BusinessOwned, JsonText


class EventRow(Base):
    """One link of a business's chain. `seq` counts up by one within the business, with no gap."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_incidence", "business_id", "incidence_id", "seq"),
        Index("ix_events_customer", "business_id", "customer_id", "seq"),
        Index("ix_events_recorded_at", "business_id", "recorded_at"),
    )

    business_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(String(36), unique=True)
    type: Mapped[str] = mapped_column(String(64))
    subject_id: Mapped[str] = mapped_column(String(64))
    incidence_id: Mapped[str | None] = mapped_column(String(36))
    customer_id: Mapped[str | None] = mapped_column(String(36))
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[str | None] = mapped_column(String(36))
    request_id: Mapped[str | None] = mapped_column(String(64))
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    body_digest: Mapped[str] = mapped_column(String(64))
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class EventBody(BusinessOwned, Base):
    """The words of an event: data and the actor's name in `body`, and beside them `state`, which timelines need not
    read. Erasing a customer empties both, never the chain."""

    __tablename__ = "event_bodies"
    __table_args__ = (ForeignKeyConstraint(["business_id", "seq"], ["events.business_id", "events.seq"]),)

    business_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    body: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    state: Mapped[dict[str, Any] | None] = mapped_column(JsonText)


_SQLITE_GUARD = """
CREATE TRIGGER events_refuse_{verb} BEFORE {VERB} ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END
"""
_POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION events_are_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'events are append-only'; END $$
"""
_POSTGRES_GUARD = """
CREATE TRIGGER events_refuse_{verb} BEFORE {VERB} ON events
FOR EACH STATEMENT EXECUTE FUNCTION events_are_append_only()
"""


def guards(dialect: str) -> list[str]:
    """The statements that make the events table append-only on `dialect`."""
    verbs = ("update", "delete")
    if dialect == "sqlite":
        return [_SQLITE_GUARD.format(verb=verb, VERB=verb.upper()) for verb in verbs]
    return [_POSTGRES_FUNCTION] + [
        _POSTGRES_GUARD.format(verb=verb, VERB=verb.upper()) for verb in (*verbs, "truncate")
    ]


for _dialect in ("sqlite", "postgresql"):
    for _statement in guards(_dialect):
        event.listen(EventRow.__table__, "after_create", DDL(_statement).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]
