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
    customer_id: Mapped[str | None] = mapped_column(String(36))
    """Whom the newest cause is about, when it is about a customer and no case."""
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


class AlertItem(BusinessOwned, Base):
    """That an event is to be told at one place outside: a member's mailbox (`destination` is their id) or a channel (its
    id, or the kind of the installation's own). What waits for one place goes out in one letter.

    The key makes sure that it is told there once; `stage` is 1 when it is told again because nobody had read it. The
    words name a customer by the id that the business gave them, never by name.
    """

    __tablename__ = "alert_items"
    __table_args__ = (
        Index("ix_alert_items_waiting", "business_id", "destination", "sent_at", "due_at"),
        Index("ix_alert_items_customer", "business_id", "customer_id"),
    )

    business_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    destination: Mapped[str] = mapped_column(String(36), primary_key=True)
    stage: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    way: Mapped[str] = mapped_column(String(8))
    channel_id: Mapped[str | None] = mapped_column(String(36))
    kind: Mapped[str] = mapped_column(String(32))
    severity: Mapped[str] = mapped_column(String(16))
    words: Mapped[str] = mapped_column(String(300))
    value: Mapped[int | None]
    """What the customer pays a month, in minor units."""
    customer_id: Mapped[str | None] = mapped_column(String(36))
    incidence_id: Mapped[str | None] = mapped_column(String(36))
    at: Mapped[datetime]
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    """When the letter that tells it was written."""
    letter_id: Mapped[str | None] = mapped_column(String(36))
    """Empty when there was nobody left to write to."""


class AlertState(BusinessOwned, Base):
    """Up to where in the log everything that is told in bulk has been looked at."""

    __tablename__ = "alert_state"

    business_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
