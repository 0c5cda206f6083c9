"""Alerts of members, and what caused each."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.rows import Base, BusinessOwned, Identified


class Alert(Identified, BusinessOwned, Base):
    """Something that one member should know. What comes of the same kind on the same case is counted in one unread row.

    The message names members and levels, never a customer: theirs is looked up when it is shown.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        Index("ix_alerts_member", "business_id", "member_id", "at", "id"),
        Index("ix_alerts_incidence", "business_id", "incidence_id", "kind"),
    )

    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"))
    kind: Mapped[str] = mapped_column(String(32))
    severity: Mapped[str] = mapped_column(String(16))
    incidence_id: Mapped[str | None] = mapped_column(ForeignKey("incidences.id"))
    message: Mapped[str] = mapped_column(String(400))
    """Of the newest cause."""
    count: Mapped[int]
    """How many causes it stands for."""
    created_at: Mapped[datetime]
    """When the first of them happened."""
    at: Mapped[datetime]
    """When the newest did."""
    read_at: Mapped[datetime | None]


class AlertCause(BusinessOwned, Base):
    """That an event was told to a member: the key makes sure that it is once, however often its job runs."""

    __tablename__ = "alert_causes"

    business_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    member_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    alert_id: Mapped[str] = mapped_column(ForeignKey("alerts.id"), index=True)
