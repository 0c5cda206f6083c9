"""Help that was offered to a customer in the app."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.rows import Base, BusinessOwned, Identified

UNDECIDED = ("OFFERED", "SEEN")
STANDING = "playbook"
"""The kind of rule of what waits for the customer, whatever visit they come in."""


class Notification(Identified, BusinessOwned, Base):
    """One offer, made once for its cause in a visit; its id is the prompt's. It outlives the visit, so that the
    customer's story tells what became of it."""

    __tablename__ = "notifications"
    __table_args__ = (Index("ix_notifications_customer", "business_id", "customer_id", "seq"),)

    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    cause: Mapped[str] = mapped_column(String(60))
    action: Mapped[str] = mapped_column(String(32))
    text: Mapped[str] = mapped_column(String(200))
    rule_kind: Mapped[str] = mapped_column(String(32))
    rule: Mapped[str] = mapped_column(String(128))
    rule_version: Mapped[int]
    why: Mapped[str] = mapped_column(String(400))
    visit_started_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(16))
    """OFFERED, SEEN, DISMISSED or ACCEPTED. That one expired with its visit is seen when it is read."""
    offered_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    incidence_id: Mapped[str | None] = mapped_column(ForeignKey("incidences.id"))
    """The case that accepting it led to."""
    seq: Mapped[int] = mapped_column(BigInteger)
    """That of the newest event about it: what a poll goes on after."""
