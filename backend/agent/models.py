"""What agents did or tried to do, what they gave, and what a supervisor has to decide."""

from datetime import datetime
from typing import Any

from sqlalchemy import Double, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.rows import Base, BusinessOwned, Identified, Json, JsonText, Versioned


class AgentAction(Identified, BusinessOwned, Base):
    """One try to do something to a case, allowed or not, with the facts the rules saw. Never changed, but for erasure."""

    __tablename__ = "agent_actions"
    __table_args__ = (Index("ix_agent_actions_latest", "business_id", "id"),)

    incidence_id: Mapped[str] = mapped_column(ForeignKey("incidences.id"), index=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"))
    action: Mapped[str] = mapped_column(String(32))
    decision: Mapped[str] = mapped_column(String(16))
    """allowed, blocked or approval."""
    rule: Mapped[str] = mapped_column(String(60))
    rule_version: Mapped[int]
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    at: Mapped[datetime]


class Discount(Identified, BusinessOwned, Base):
    """A discount that was given, once. Those of one order are added up, whichever case they were given in."""

    __tablename__ = "discounts"
    __table_args__ = (Index("ix_discounts_order", "business_id", "order_id"),)

    incidence_id: Mapped[str] = mapped_column(ForeignKey("incidences.id"), index=True)
    order_id: Mapped[str | None] = mapped_column(String(128))
    amount: Mapped[int]
    """Minor units of the business's currency."""
    percent: Mapped[float | None] = mapped_column(Double)
    """As it was asked for; None when an amount was."""
    given_by: Mapped[str] = mapped_column(ForeignKey("members.id"))
    given_at: Mapped[datetime]
    approval_id: Mapped[str | None] = mapped_column(String(36), unique=True)
    """The approval it rests on, which is used up by it."""


class Approval(Identified, BusinessOwned, Versioned, Base):
    """A request that a supervisor decides. It is carried out when it is approved, for who asked, and never again."""

    __tablename__ = "approvals"
    __table_args__ = (Index("ix_approvals_list", "business_id", "status", "requested_at", "id"),)

    incidence_id: Mapped[str] = mapped_column(ForeignKey("incidences.id"), index=True)
    action: Mapped[str] = mapped_column(String(32))
    params: Mapped[dict[str, Any]] = mapped_column(JsonText)
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of action, params, incidence and its version as they were asked for: what is carried out must have it."""
    incidence_version: Mapped[int]
    """When it was asked for."""
    grounds: Mapped[dict[str, Any]] = mapped_column(Json)
    """What the case was like then, for telling what has changed since."""
    diff: Mapped[list[str]] = mapped_column(Json)
    """What would be done, in words, as it was asked for."""
    rule: Mapped[str] = mapped_column(String(60))
    rule_version: Mapped[int]
    reason: Mapped[str] = mapped_column(String(400))
    status: Mapped[str] = mapped_column(String(16), default="PENDING")
    """PENDING; then USED (approved and carried out), APPROVED (approved, but it could not be carried out any more),
    DENIED, EXPIRED, or WITHDRAWN (asked for otherwise, or the case was closed)."""
    requested_by: Mapped[str] = mapped_column(ForeignKey("members.id"))
    requested_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("members.id"))
    decided_at: Mapped[datetime | None]
    note: Mapped[str | None] = mapped_column(String(200))
    """What was said with the decision."""
    failure: Mapped[str | None] = mapped_column(String(400))
    """Why it could not be carried out, or why it ended by itself."""
