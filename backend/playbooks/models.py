"""Playbooks, the customers' trips through them, and what each step did."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.rows import Base, BusinessOwned, Identified, Json, JsonText, Versioned

OPEN = ("RUNNING", "WAITING", "PAUSED")
"""The statuses of executions that are not over. A failed one is over unless somebody tries its step again."""


class Playbook(Identified, BusinessOwned, Versioned, Base):
    """Ordered steps under a name. `number` counts its documents, `version` every change."""

    __tablename__ = "playbooks"
    __table_args__ = (UniqueConstraint("business_id", "name"),)

    name: Mapped[str] = mapped_column(String(60))
    description: Mapped[str] = mapped_column(String(400), default="")
    status: Mapped[str] = mapped_column(String(8), default="ACTIVE")
    """ACTIVE or ARCHIVED."""
    is_automatic: Mapped[bool] = mapped_column(default=False)
    """Whether its trigger starts it; by hand it can be started all the same."""
    document: Mapped[dict[str, Any]] = mapped_column(JsonText)
    """See `documents.PlaybookDocument`."""
    number: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime]
    created_by: Mapped[str | None] = mapped_column(String(36))
    updated_at: Mapped[datetime]


class PlaybookExecution(Identified, BusinessOwned, Versioned, Base):
    """One customer's trip through a playbook, by the document that it had when the trip began.

    `step_id` is the step that comes next (None at the end); moving it on is one transaction with what the step does.
    """

    __tablename__ = "playbook_executions"
    __table_args__ = (
        UniqueConstraint("business_id", "playbook_id", "customer_id", "cause", name="uq_playbook_executions_cause"),
        Index("ix_playbook_executions_list", "business_id", "started_at", "id"),
        Index("ix_playbook_executions_playbook", "business_id", "playbook_id", "started_at"),
        Index("ix_playbook_executions_customer", "business_id", "customer_id", "started_at"),
        Index(
            "ix_playbook_executions_one_open",
            "business_id",
            "playbook_id",
            "customer_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    playbook_id: Mapped[str] = mapped_column(ForeignKey("playbooks.id"))
    number: Mapped[int]
    """Of the document it goes by."""
    document: Mapped[dict[str, Any]] = mapped_column(JsonText)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    incidence_id: Mapped[str | None] = mapped_column(ForeignKey("incidences.id"))
    """The case it is about; without one, whatever case of the customer is open when a step needs one."""
    cause: Mapped[str] = mapped_column(String(80))
    """What started it: once for each, however often its job runs."""
    why: Mapped[str] = mapped_column(String(400), default="")
    """In words."""
    started_by: Mapped[str | None] = mapped_column(String(36))
    """The member; None when its trigger did."""
    started_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(10), default="RUNNING")
    """RUNNING, WAITING, PAUSED, COMPLETED, FAILED or CANCELLED."""
    step_id: Mapped[str | None] = mapped_column(String(40))
    next_at: Mapped[datetime | None]
    """When a wait is over: a person may move it."""
    ended_at: Mapped[datetime | None]
    ended_how: Mapped[str] = mapped_column(String(400), default="")
    """In words: at its end, at which condition, by whom, or why not."""
    is_success: Mapped[bool | None]
    """Whether its goal held when it ended; None while it goes on, and for one that was cancelled."""


class TriggerPlace(BusinessOwned, Base):
    """How far the log was looked through for what triggers wait for."""

    __tablename__ = "playbook_trigger_places"

    business_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    seq: Mapped[int]


class PlaybookStep(BusinessOwned, Base):
    """What a step did in an execution: the key makes sure that it is once."""

    __tablename__ = "playbook_steps"

    business_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    execution_id: Mapped[str] = mapped_column(ForeignKey("playbook_executions.id"), primary_key=True)
    step_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    state: Mapped[str] = mapped_column(String(8))
    """WAITING, DONE, SKIPPED (there was nothing to do it to) or FAILED."""
    attempts: Mapped[int] = mapped_column(Integer, default=1)
    started_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    told: Mapped[str] = mapped_column(String(400), default="")
    """What it did, or why it did not, in words."""
    result: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """Ids of what it made, and the facts that a condition saw."""
    error: Mapped[str | None] = mapped_column(Text)
