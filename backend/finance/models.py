"""Numbers as they were at an hour, the scores that followed from them, and what was recommended."""

from datetime import datetime
from typing import Any

from sqlalchemy import Double, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.rows import Base, BusinessOwned, Identified, JsonText, Versioned


class MetricSnapshot(Identified, BusinessOwned, Base):
    """The metrics of the days before an instant, as they were known then. Money in minor units of `currency`."""

    __tablename__ = "metric_snapshots"
    __table_args__ = (UniqueConstraint("business_id", "taken_at"),)

    taken_at: Mapped[datetime]
    """The end of the period, too: a whole hour."""
    period_start: Mapped[datetime]
    currency: Mapped[str] = mapped_column(String(3))
    revenue_total: Mapped[int]
    revenue_volatility: Mapped[float | None] = mapped_column(Double)
    chargeback_ratio: Mapped[float | None] = mapped_column(Double)
    payout_reliability: Mapped[float | None] = mapped_column(Double)
    average_transaction_size: Mapped[int | None]
    transaction_count: Mapped[int]
    refund_total: Mapped[int] = mapped_column(default=0)
    revenue_net: Mapped[int] = mapped_column(default=0)
    others: Mapped[list[dict[str, Any]]] = mapped_column(JsonText)
    """The figures in other currencies, as the API shows them."""


class ReadinessScore(Identified, BusinessOwned, Base):
    """A score, and the facts and rules that it came of."""

    __tablename__ = "readiness_scores"
    __table_args__ = (Index("ix_readiness_scores_latest", "business_id", "calculated_at"),)

    score: Mapped[int]
    tier: Mapped[str] = mapped_column(String(20))
    facts: Mapped[dict[str, Any]] = mapped_column(JsonText)
    factors: Mapped[list[dict[str, Any]]] = mapped_column(JsonText)
    """[{rule, points}] of those that held."""
    rule_version: Mapped[int]
    calculated_at: Mapped[datetime]


class Recommendation(Identified, BusinessOwned, Versioned, Base):
    """Something that would help, by a rule. At most one of each rule is pending."""

    __tablename__ = "recommendations"
    __table_args__ = (
        Index(
            "ix_recommendations_pending",
            "business_id",
            "rule",
            unique=True,
            sqlite_where=text("status = 'pending'"),
            postgresql_where=text("status = 'pending'"),
        ),
        Index("ix_recommendations_list", "business_id", "impact", "id"),
    )

    rule: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(Text)
    """Why, with the numbers of the day."""
    action: Mapped[str] = mapped_column(Text)
    impact: Mapped[int]
    """Points of readiness that following it would bring."""
    priority: Mapped[str] = mapped_column(String(8))
    status: Mapped[str] = mapped_column(String(10), default="pending")
    """pending, accepted, dismissed, or resolved: what it was about is no longer so."""
    rule_version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(36))
    told_at: Mapped[datetime | None]
    """When it was in a digest."""
