"""What is counted, counted by the day, and the weekly reports. None of it holds words of a customer."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.rows import Base, BusinessOwned, Identified, Json

BEGINNINGS, ENDS = ("opened", "reopened", "parted"), ("closed", "merged")
"""Kinds of milestones after which a case is open, and after which it is not."""


class Milestone(BusinessOwned, Base):
    """One thing that counts: a case opened, helped, answered, handed up, closed or reopened, merged into another or
    parted from it again, or an order placed.

    Made of the log and of the `order_placed` signals. It outlives both: erasing a customer leaves the counts intact.
    """

    __tablename__ = "milestones"
    __table_args__ = (
        Index("ix_milestones_at", "business_id", "kind", "at"),
        Index("ix_milestones_incidence", "business_id", "incidence_id"),
        Index("ix_milestones_customer", "business_id", "customer_id"),
    )

    business_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    """opened, helped, answered, escalated, closed, reopened, merged, parted or order."""
    source: Mapped[str] = mapped_column(String(176), primary_key=True)
    """What it was made of: the seq of an event, or customer and id of a signal."""
    at: Mapped[datetime]
    incidence_id: Mapped[str | None] = mapped_column(String(36))
    """Of an order: the case that helped with it, if any did."""
    customer_id: Mapped[str | None] = mapped_column(String(36))
    category: Mapped[str | None] = mapped_column(String(64))
    """This and the next three are the case's as it is now."""
    channel: Mapped[str | None] = mapped_column(String(16))
    screen: Mapped[str | None] = mapped_column(String(128))
    is_self_serve: Mapped[bool] = mapped_column(default=False)
    outcome: Mapped[str | None] = mapped_column(String(16))
    """How it was closed."""
    seconds: Mapped[int | None]
    """answered, closed: since the case was opened or last reopened."""
    is_promised: Mapped[bool] = mapped_column(server_default=false())
    """closed: it had targets."""
    is_kept: Mapped[bool] = mapped_column(server_default=false())
    """closed: and none of them was missed by then."""
    handled: Mapped[int | None]
    """closed: how long agents were at it, in seconds."""
    amount: Mapped[int | None]
    """order: minor units of the business's currency, when the app told it."""
    is_converted: Mapped[bool] = mapped_column(default=False)
    """helped: an order followed."""


class AnalyticsDaily(BusinessOwned, Base):
    """The milestones of one local day of the business, added up. Sums only, so that any span is a sum of days."""

    __tablename__ = "analytics_daily"

    business_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    metric: Mapped[str] = mapped_column(String(32), primary_key=True)
    """The name of a part of metrics, see `metric.Part`."""
    dimension: Mapped[str] = mapped_column(String(64), primary_key=True)
    """What the part is told apart by, such as the issue category; empty when it is by nothing."""
    count: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int] = mapped_column(BigInteger)
    spread: Mapped[list[Any] | None] = mapped_column(Json)
    """[[value, how often], …] where a median is wanted: medians of days cannot be added up, their values can."""


class AnalyticsState(BusinessOwned, Base):
    """How far a business's counting has come."""

    __tablename__ = "analytics_state"

    business_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    seq: Mapped[int]
    """The newest event that is counted."""
    orders_at: Mapped[datetime | None]
    """When the newest order that is counted was received."""
    recent_orders: Mapped[int] = mapped_column(default=0)
    """How many there were in the minutes before that: more are there when one was received late."""
    zone: Mapped[str] = mapped_column(String(64))
    """Whose days the roll-ups are."""
    rolled_until: Mapped[date | None] = mapped_column(Date)
    """The first day that is not rolled up yet; None when none is."""


class FrictionReport(Identified, BusinessOwned, Base):
    """One week's report, as it was made."""

    __tablename__ = "friction_reports"
    __table_args__ = (UniqueConstraint("business_id", "week"),)

    week: Mapped[date] = mapped_column(Date)
    """Its Monday, in the business's zone of then."""
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime]
