"""Connections to other systems, the inbox of their webhooks, and what of each conversation has been told."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.rows import Base, BusinessOwned, Identified, Json, JsonText


class Integration(Identified, BusinessOwned, Base):
    """A business's connection to another system. For what is in `config`, see `schemas.IntegrationConfig`.

    `sealed` holds the credentials (see `core.sealing`): `token`, and `webhook_secret`, which webhooks are checked with
    or signed by.
    """

    __tablename__ = "integrations"
    __table_args__ = (UniqueConstraint("business_id", "platform", "name"),)

    platform: Mapped[str] = mapped_column(String(32))
    """The name of its kind (see `kinds`)."""
    name: Mapped[str] = mapped_column(String(64), default="")
    """Tells several of one kind apart; "" where there can be one only."""
    config: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    sealed: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    """When the platform last did what we asked."""
    error: Mapped[str | None] = mapped_column(Text)
    """What went wrong last; None when all has gone well since."""
    failed_at: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    """The platform asked to be left alone until then."""
    swept_until: Mapped[datetime | None]
    """Up to when (by the platform's clock) everything was read back."""
    sweep_cursor: Mapped[str | None] = mapped_column(Text)
    """Where in its pages a sweep is that has not come to its end."""
    swept_at: Mapped[datetime | None]
    wanted_at: Mapped[datetime | None]
    """When a member last wanted it swept: a sweep that began before is followed by another one."""
    told_seq: Mapped[int | None]
    """Of an endpoint of webhooks, the last event that it has been decided about."""
    failures: Mapped[int] = mapped_column(Integer, default=0)
    """How often in a row it could not be reached."""
    stopped_at: Mapped[datetime | None]
    """When somebody, or the other side, wanted it to stop; None while it works."""


class WebhookDelivery(Identified, BusinessOwned, Base):
    """A webhook as it came, kept before it was understood. The unique key decides which of two deliveries is first.

    `outcome` is None until a job has looked, then `applied`, `ignored`, `waiting` (its conversation is not known yet)
    or `expired` (and never became so). `processed_at` is None as long as it may still be applied.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("business_id", "platform", "dedup_key"),
        Index("ix_webhook_deliveries_waiting", "business_id", "platform", "conversation_id", "outcome"),
    )

    platform: Mapped[str] = mapped_column(String(32))
    dedup_key: Mapped[str] = mapped_column(String(128))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    headers: Mapped[dict[str, Any]] = mapped_column(Json)
    received_at: Mapped[datetime]
    conversation_id: Mapped[str | None] = mapped_column(String(128))
    integration_id: Mapped[str | None] = mapped_column(String(36), index=True)
    """The connection that it came to, where there may be several of its kind."""
    processed_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[str | None] = mapped_column(Text)


class ConversationMark(BusinessOwned, Base):
    """The newest instant at which a conversation's `aspect` (assignment, status or message) was told of, or at which we
    set it there ourselves (own-resolved, own-reopened; assignment too).

    It is kept by the platform's clock and compared with facts of the platform only, so that no drift between its clock
    and ours ever makes a customer's message look answered.
    """

    __tablename__ = "conversation_marks"

    business_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    platform: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    aspect: Mapped[str] = mapped_column(String(16), primary_key=True)
    occurred_at: Mapped[datetime]
    value: Mapped[str | None] = mapped_column(String(128))
    """Of an assignment, the platform's id of the agent."""


class ToldMessage(BusinessOwned, Base):
    """A message of a conversation that is in its incidence's timeline, or a change of its status (whose id is made of
    what and when). The key makes sure that it is there once; `kind` and `occurred_at` put what comes late in its place.
    """

    __tablename__ = "told_messages"

    business_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    platform: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    message_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    kind: Mapped[str | None] = mapped_column(String(16))
    """customer, agent, resolved or reopened."""
    occurred_at: Mapped[datetime | None]


class OutgoingCall(Identified, BusinessOwned, Base):
    """Something to do on a platform, written in the transaction of the event (`seq`) that wants it: the intent.

    `kind` is MESSAGE (to the customer), NOTE, PROPERTIES, ASSIGN or STATUS. The last three hold nothing: what is
    carried out is the case as it is by then. A message's words stay in its event, where erasing finds them.
    """

    __tablename__ = "outgoing_calls"
    __table_args__ = (
        UniqueConstraint("business_id", "seq", "kind", "conversation_id"),
        Index("ix_outgoing_calls_open", "business_id", "state", "platform", "conversation_id"),
        Index("ix_outgoing_calls_incidence", "incidence_id"),
    )

    platform: Mapped[str] = mapped_column(String(32))
    conversation_id: Mapped[str] = mapped_column(String(128))
    incidence_id: Mapped[str] = mapped_column(ForeignKey("incidences.id"))
    seq: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16), default="QUEUED")
    """QUEUED, SENDING (a job has it), UNKNOWN (it may have been done), SENT or FAILED."""
    doubt: Mapped[str | None] = mapped_column(String(16))
    """Why it is unknown: UNCLEAR (no answer, or an error of theirs), REFUSED or ACCEPTED (they do it later)."""
    tries: Mapped[int] = mapped_column(Integer, default=0)
    looks: Mapped[int] = mapped_column(Integer, default=0)
    """How often the conversation was read back since the last try."""
    due_at: Mapped[datetime]
    held_by: Mapped[str | None] = mapped_column(String(128))
    """The job that has it, until `held_until`."""
    held_until: Mapped[datetime | None]
    first_tried_at: Mapped[datetime | None]
    vendor_id: Mapped[str | None] = mapped_column(String(128))
    """What the platform calls the message."""
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class WebhookPost(Identified, BusinessOwned, Base):
    """A webhook that an endpoint of the business is to get: the intent. Its id is the `webhook-id`, on each try the same.

    What is told of an event (`seq`) stays in the event, where erasing finds it; `payload` holds what there is besides.
    """

    __tablename__ = "webhook_posts"
    __table_args__ = (
        UniqueConstraint("business_id", "integration_id", "cause"),
        Index("ix_webhook_posts_due", "business_id", "integration_id", "state", "due_at"),
    )

    integration_id: Mapped[str] = mapped_column(String(36))
    cause: Mapped[str] = mapped_column(String(128))
    """What wanted it: the same thing is never told twice."""
    type: Mapped[str] = mapped_column(String(64))
    seq: Mapped[int | None]
    payload: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    customer_id: Mapped[str | None] = mapped_column(String(36), index=True)
    state: Mapped[str] = mapped_column(String(16), default="QUEUED")
    """QUEUED, SENDING (a job has it until `held_until`), SENT or DEAD."""
    tries: Mapped[int] = mapped_column(Integer, default=0)
    due_at: Mapped[datetime]
    held_until: Mapped[datetime | None]
    status: Mapped[int | None] = mapped_column(Integer)
    """What was answered last, if anything was."""
    milliseconds: Mapped[int | None] = mapped_column(Integer)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    wanted_at: Mapped[datetime]
    """When it was made, or last wanted again."""
    settled_at: Mapped[datetime | None]


class SyncRun(Identified, BusinessOwned, Base):
    """One reading of what changed at a connection. `problems` are the first rows of which something was refused."""

    __tablename__ = "sync_runs"
    __table_args__ = (Index("ix_sync_runs_integration", "business_id", "integration_id", "began_at"),)

    integration_id: Mapped[str] = mapped_column(String(36))
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    read: Mapped[int] = mapped_column(Integer, default=0)
    changed: Mapped[int] = mapped_column(Integer, default=0)
    refused: Mapped[int] = mapped_column(Integer, default=0)
    problems: Mapped[list[Any]] = mapped_column(Json, default=list)
    error: Mapped[str | None] = mapped_column(Text)


class CustomerImport(Identified, BusinessOwned, Base):
    """A file of customers. Its rows wait in `import_parts`; those that were refused stay in `import_refusals`.

    `state` is READY, RUNNING, DONE, CANCELLED or FAILED. `part` is the next to be read: it moves with what it changed.
    """

    __tablename__ = "imports"
    __table_args__ = (Index("ix_imports_created", "business_id", "created_at"),)

    filename: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(16), default="READY")
    header: Mapped[list[str]] = mapped_column(Json)
    encoding: Mapped[str] = mapped_column(String(16))
    separator: Mapped[str] = mapped_column(String(1))
    columns: Mapped[list[Any]] = mapped_column(Json)
    """The field that each column is."""
    rows: Mapped[int] = mapped_column(Integer, default=0)
    done: Mapped[int] = mapped_column(Integer, default=0)
    made: Mapped[int] = mapped_column(Integer, default=0)
    changed: Mapped[int] = mapped_column(Integer, default=0)
    refused: Mapped[int] = mapped_column(Integer, default=0)
    parts: Mapped[int] = mapped_column(Integer, default=0)
    part: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    member_id: Mapped[str | None] = mapped_column(String(36))


class ImportPart(BusinessOwned, Base):
    """Some rows of a file: [[the line it begins at, [cells]], …]. Gone once they were read, or the import is over."""

    __tablename__ = "import_parts"

    import_id: Mapped[str] = mapped_column(ForeignKey("imports.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    rows: Mapped[list[Any]] = mapped_column(JsonText)


class ImportRefusal(BusinessOwned, Base):
    """A row that was refused, as it stood in the file, and why."""

    __tablename__ = "import_refusals"

    import_id: Mapped[str] = mapped_column(ForeignKey("imports.id"), primary_key=True)
    line: Mapped[int] = mapped_column(Integer, primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    cells: Mapped[list[Any]] = mapped_column(JsonText)
    external_id: Mapped[str | None] = mapped_column(String(128))
