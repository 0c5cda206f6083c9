"""The risk of each customer now and how it came to that; how likely they are to leave, and the models that say so."""

from datetime import datetime
from typing import Any

from sqlalchemy import Double, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.rows import Base, BusinessOwned, Identified, JsonText


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


class ChurnPrediction(BusinessOwned, Base):
    """How likely a customer is to leave within a month, as it was predicted last."""

    __tablename__ = "churn_predictions"
    __table_args__ = (Index("ix_churn_predictions_probability", "business_id", "probability", "customer_id"),)

    business_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), primary_key=True)
    probability: Mapped[float] = mapped_column(Double)
    low: Mapped[float] = mapped_column(Double)
    high: Mapped[float] = mapped_column(Double)
    """Between them the truth lies, as far as the past tells."""
    level: Mapped[str] = mapped_column(String(8))
    voluntary: Mapped[float | None] = mapped_column(Double)
    involuntary: Mapped[float | None] = mapped_column(Double)
    causes: Mapped[list[Any]]
    """[{feature, label, cause, impact, logOdds, target}], what weighs most first."""
    model: Mapped[dict[str, Any]]
    """kind, label, versions {target: number}."""
    predicted_at: Mapped[datetime]


class ChurnModel(Identified, BusinessOwned, Base):
    """A version of a model of a business; `kind` is rules when there was too little to learn from."""

    __tablename__ = "churn_models"
    __table_args__ = (
        UniqueConstraint("business_id", "target", "number"),
        Index(
            "ix_churn_models_active",
            "business_id",
            "target",
            unique=True,
            sqlite_where=text("is_active"),
            postgresql_where=text("is_active"),
        ),
    )

    target: Mapped[str] = mapped_column(String(12))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(12))
    is_active: Mapped[bool]
    why: Mapped[str] = mapped_column(Text)
    model: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    """See `learning.model.Model.as_data`."""
    report: Mapped[dict[str, Any]] = mapped_column(JsonText)
    trained_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]
    drift: Mapped[dict[str, Any] | None]
    """The stability index of each feature, when customers were last predicted."""
    drift_at: Mapped[datetime | None]
