"""Interventions: what somebody is to do for one customer, by when, and what came of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.rows import Base, BusinessOwned, Identified, JsonText, Versioned


class Intervention(Identified, BusinessOwned, Versioned, Base):
    """One piece of work for one customer. Open or active until it is completed or cancelled."""

    __tablename__ = "interventions"
    __table_args__ = (
        Index("ix_interventions_due", "business_id", "due_at", "id"),
        Index("ix_interventions_customer", "business_id", "customer_id", "id"),
        Index("ix_interventions_begun", "business_id", "created_at"),
    )

    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    type: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    """open, active, completed or cancelled."""
    priority: Mapped[str] = mapped_column(String(8))
    assignee_id: Mapped[str | None] = mapped_column(ForeignKey("members.id"))
    description: Mapped[str] = mapped_column(Text, default="")
    next_action: Mapped[str] = mapped_column(Text, default="")
    notes: Mapped[str] = mapped_column(Text, default="")
    due_at: Mapped[datetime | None]
    reminded_for: Mapped[datetime | None]
    """The due instant that was told to be over; another one is told again."""
    outcome: Mapped[str | None] = mapped_column(String(16))
    origin: Mapped[str] = mapped_column(String(8))
    """RISK, PLAYBOOK or HAND."""
    cause_id: Mapped[str | None] = mapped_column(String(36), index=True)
    """What it began with: a row of risk_scores, or a playbook's execution."""
    cause: Mapped[dict[str, Any]] = mapped_column(JsonText, default=dict)
    """score, level, factors, suggestedAction, ruleVersion and churnProbability then; or playbook (its name)."""
    created_by: Mapped[str | None] = mapped_column(String(36))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
    """When it was completed or cancelled."""
