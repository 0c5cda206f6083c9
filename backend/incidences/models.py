"""Incidences, and the conversations on chat platforms they are tied to. Their timelines are the events."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.rows import Base, BusinessOwned, Identified, Json, Versioned

_OWNERLESS: dict[str, Any] = dict.fromkeys(
    ("sqlite_where", "postgresql_where"), text("agent_id IS NULL AND status = 'OPEN'")
)


class Incidence(Identified, BusinessOwned, Versioned, Base):
    """One support case."""

    __tablename__ = "incidences"
    __table_args__ = (
        UniqueConstraint("business_id", "number"),
        Index("ix_incidences_queue", "business_id", "queue_rank", "id"),
        Index("ix_incidences_agent", "business_id", "agent_id", "status", "waiting_since"),
        Index("ix_incidences_customer", "business_id", "customer_id", "id"),
        Index("ix_incidences_order", "business_id", "order_id"),
        Index("ix_incidences_updated", "business_id", "updated_at", "id"),
        Index("ix_incidences_sla", "business_id", "sla_rank", "id"),
        # What waits for an owner, however much else is open: by place in the queue, and by deadline.
        Index("ix_incidences_ownerless", "business_id", "queue_rank", "id", **_OWNERLESS),
        Index("ix_incidences_ownerless_sla", "business_id", "sla_rank", "id", **_OWNERLESS),
    )

    number: Mapped[int]
    """Counts up within the business; shown as INC-1042."""
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    order_id: Mapped[str | None] = mapped_column(String(128))
    stage: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str] = mapped_column(String(16))
    trigger: Mapped[str] = mapped_column(String(24))
    status: Mapped[str] = mapped_column(String(16), default="OPEN")
    outcome: Mapped[str | None] = mapped_column(String(16))
    priority: Mapped[int]
    """1 (first) to 4."""
    summary: Mapped[str] = mapped_column(String(200), default="")

    app_screen: Mapped[str | None] = mapped_column(String(128))
    user_inputs: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    selected_items: Mapped[list[Any]] = mapped_column(Json, default=list)
    event_type: Mapped[str | None] = mapped_column(String(32))
    order_value: Mapped[int | None]
    """Minor units of the business's currency."""

    issue_category: Mapped[str | None] = mapped_column(String(64))
    root_cause: Mapped[str | None] = mapped_column(String(200))
    resolution_type: Mapped[str | None] = mapped_column(String(64))
    time_to_resolve: Mapped[int | None]
    """Seconds from creation to resolution."""
    order_impact: Mapped[str | None] = mapped_column(String(16))

    agent_id: Mapped[str | None] = mapped_column(ForeignKey("members.id"))
    last_agent_id: Mapped[str | None] = mapped_column(String(36))
    """Who had it last, when nobody has it now: it is first for them when they come back."""
    allowed_channels: Mapped[list[str]] = mapped_column(Json)
    routing: Mapped[dict[str, Any]] = mapped_column(Json)
    """Why these channels: the rule that decided, its version and the facts it saw."""
    is_self_serve: Mapped[bool] = mapped_column(default=False)
    """The router allows no channel: kept on record, in nobody's queue."""
    auto_escalate_at: Mapped[datetime | None]
    climb_at: Mapped[datetime | None]
    """When it is handed up by itself: unresolved for too long, or its escalation not acknowledged in time."""
    escalation_level: Mapped[str | None] = mapped_column(String(16))
    """Of the escalation that is open or acknowledged; None when there is none."""
    escalation_id: Mapped[str | None] = mapped_column(String(36))
    friction_score: Mapped[int | None]
    platform: Mapped[str | None] = mapped_column(String(32))

    sla: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """Its clocks, the policy's version and rule they run by, and what was missed: see `sla.Clocks`."""
    first_response_due_at: Mapped[datetime | None]
    next_response_due_at: Mapped[datetime | None]
    resolution_due_at: Mapped[datetime | None]
    """Of clocks that run; a paused one has none."""
    sla_due_at: Mapped[datetime | None]
    """The nearest of these, and below which target's it is."""
    sla_target: Mapped[str | None] = mapped_column(String(16))
    sla_risk_at: Mapped[datetime | None]
    """From when on it is at risk: when the first of its clocks that run warns."""
    sla_breached_at: Mapped[datetime | None]
    """When it missed a target for the first time. Never taken back."""
    sla_rank: Mapped[int] = mapped_column(server_default="9000000000000000000")
    """`sla_due_at` as a number that is always there, so that the order of who is due next is one walk along one index."""

    queue_rank: Mapped[int]
    """Its place in the queue, see `queue_rank.rank`: one number, so that a page is one walk along one index."""
    last_seq: Mapped[int] = mapped_column(default=0)
    """The seq of its newest event."""
    last_message_seq: Mapped[int] = mapped_column(default=0)
    """The seq of the newest customer-visible message, from either side: what `lastSeenSeq` is held against."""
    last_message: Mapped[dict[str, Any] | None] = mapped_column(Json)
    waiting_since: Mapped[datetime | None]
    """Since when the customer waits for us; None while we wait for them."""
    first_response_at: Mapped[datetime | None]
    snoozed_until: Mapped[datetime | None]
    reopen_count: Mapped[int] = mapped_column(default=0)
    labels: Mapped[list[str]] = mapped_column(Json, default=list, server_default="[]")
    """Free names, normalised and in order; see `labels`."""
    watcher_ids: Mapped[list[str]] = mapped_column(Json, default=list, server_default="[]")
    """Members who want to hear of it, beside the one who has it."""
    merged_into: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """The case that it is part of: incidenceId and ref. It is closed then, without an outcome."""
    merged_from: Mapped[list[dict[str, str]]] = mapped_column(Json, default=list, server_default="[]")
    """The cases that are part of it, and those that were part of them."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]


class Escalation(Identified, BusinessOwned, Base):
    """A case handed up. It climbs from level to level as one row; each step is an event. A case has one that is not over."""

    __tablename__ = "escalations"
    __table_args__ = (Index("ix_escalations_queue", "business_id", "ended_at", "raised_at"),)

    incidence_id: Mapped[str] = mapped_column(ForeignKey("incidences.id"), index=True)
    level: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(24))
    """Of the newest step."""
    status: Mapped[str] = mapped_column(String(16), default="OPEN")
    """OPEN, ACKNOWLEDGED, RETURNED or RESOLVED."""
    raised_by: Mapped[str | None] = mapped_column(ForeignKey("members.id"))
    """The member of the newest step; None when it climbed by itself."""
    raised_at: Mapped[datetime]
    """When it was first handed up."""
    acknowledged_by: Mapped[str | None] = mapped_column(ForeignKey("members.id"))
    acknowledged_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    note: Mapped[str | None] = mapped_column(String(200))
    """What was said last by whoever raised, acknowledged or ended it."""
    rule: Mapped[str] = mapped_column(String(60))
    rule_version: Mapped[int]
    next_climb_at: Mapped[datetime | None]


class Bulk(Identified, BusinessOwned, Base):
    """A verb on many cases at once. What becomes of each is a row of its own."""

    __tablename__ = "bulks"
    __table_args__ = (Index("ix_bulks_newest", "business_id", "id"),)

    verb: Mapped[str] = mapped_column(String(16))
    args: Mapped[dict[str, Any]] = mapped_column(Json)
    chosen: Mapped[dict[str, Any]] = mapped_column(Json)
    """What was asked for: view, status, assignee, that there was a search; or that the cases were named."""
    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"))
    state: Mapped[str] = mapped_column(String(16), default="RUNNING")
    """RUNNING, DONE, UNDOING or UNDONE."""
    total: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    undone: Mapped[int] = mapped_column(default=0)
    kept: Mapped[int] = mapped_column(default=0)
    """Rows that were not undone because they are others by now."""
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None] = mapped_column(ForeignKey("members.id"))


class BulkRow(BusinessOwned, Base):
    """One case of a verb on many: it is done once, in the transaction that says so here."""

    __tablename__ = "bulk_rows"
    __table_args__ = (Index("ix_bulk_rows_state", "bulk_id", "state", "place"),)

    bulk_id: Mapped[str] = mapped_column(ForeignKey("bulks.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    incidence_id: Mapped[str] = mapped_column(ForeignKey("incidences.id"))
    number: Mapped[int]
    version: Mapped[int]
    """As it was seen; once it is done, the version that the verb made."""
    state: Mapped[str] = mapped_column(String(16), default="PENDING")
    """PENDING, DONE, SKIPPED, UNDONE or KEPT."""
    code: Mapped[str | None] = mapped_column(String(40))
    why: Mapped[str | None] = mapped_column(String(300))
    changes: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """What the verb changed, to take it back; see `restoring`."""


class Macro(Identified, BusinessOwned, Versioned, Base):
    """What is done to many cases alike, under a name: of one member, or everybody's."""

    __tablename__ = "macros"

    name: Mapped[str] = mapped_column(String(60))
    is_shared: Mapped[bool]
    owner_id: Mapped[str] = mapped_column(ForeignKey("members.id"))
    steps: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class SavedView(Identified, BusinessOwned, Base):
    """A filter of the queue that a member keeps under a name."""

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("business_id", "member_id", "name"),)

    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"))
    name: Mapped[str] = mapped_column(String(60))
    filter: Mapped[str] = mapped_column(String(200))
    updated_at: Mapped[datetime]


class IncidenceLink(Identified, BusinessOwned, Base):
    """One case relates to another, duplicates or continues it, or is merged into it. Kept when it is taken off."""

    __tablename__ = "incidence_links"

    kind: Mapped[str] = mapped_column(String(16))
    """RELATES_TO, DUPLICATE_OF, CONTINUES or MERGED_INTO."""
    from_id: Mapped[str] = mapped_column(ForeignKey("incidences.id"), index=True)
    to_id: Mapped[str] = mapped_column(ForeignKey("incidences.id"), index=True)
    made_by: Mapped[str | None] = mapped_column(ForeignKey("members.id"))
    made_at: Mapped[datetime]
    reason: Mapped[str | None] = mapped_column(String(200))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(ForeignKey("members.id"))
    data: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """Of a merge: what it changed in both cases, and the conversations that went over; see `restoring`."""


class Conversation(BusinessOwned, Base):
    """A conversation on a chat platform, tied to the incidence it is about. The key makes sure that there is one."""

    __tablename__ = "conversations"

    business_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    platform: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    incidence_id: Mapped[str] = mapped_column(ForeignKey("incidences.id"), index=True)
