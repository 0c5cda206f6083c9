"""The risk of each customer now, and how it came to that."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.rows import Base, BusinessOwned, Identified


class CustomerRisk(BusinessOwned, Base):
    """What the rules said of a customer last. Only who has done something yet has a row."""

    __tablename__ = "customer_risks"
    __table_args__ = (Index("ix_customer_risks_score", "business_id", "score", "customer_id"),)

    business_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), primary_key=True)
    score: Mapped[int]
    level: Mapped[str] = mapped_column(String(8))
    factors: Mapped[list[Any]]
    """[{rule, points, text}], what weighs most first."""
    suggested_action: Mapped[str] = mapped_column(String(200))
    rule_version: Mapped[int]
    calculated_at: Mapped[datetime]
    level_since: Mapped[datetime]


class RiskScore(Identified, BusinessOwned, Base):
    """A score that a customer came to: one row whenever it, its level or the factors behind it changed."""

    __tablename__ = "risk_scores"
    __table_args__ = (Index("ix_risk_scores_customer", "business_id", "customer_id", "id"),)

    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    score: Mapped[int]
    level: Mapped[str] = mapped_column(String(8))
    factors: Mapped[list[Any]]
    rule_version: Mapped[int]
    calculated_at: Mapped[datetime]
