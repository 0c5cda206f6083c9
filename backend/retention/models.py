"""Flows and their versions, the trips of customers through them, and what is known of each offer.

Amounts are minor units of the row's `currency`.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Double, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.rows import Base, BusinessOwned, Identified, Json, JsonText, Versioned


class Flow(Identified, BusinessOwned, Versioned, Base):
    """The ordered steps shown to a customer who wants to cancel.

    `document` is the newest one, with its `number`; customers meet the one numbered `active_number`. `version` counts
    every change, of its name and status too.
    """

    __tablename__ = "flows"
    __table_args__ = (UniqueConstraint("business_id", "name"),)

    name: Mapped[str] = mapped_column(String(60))
    status: Mapped[str] = mapped_column(String(8), default="DRAFT")
    """DRAFT, ACTIVE (customers may meet it) or ARCHIVED."""
    document: Mapped[dict[str, Any]] = mapped_column(JsonText)
    """See `flow_schemas.FlowDocument`."""
    number: Mapped[int] = mapped_column(Integer, default=1)
    active_number: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime]
    created_by: Mapped[str | None] = mapped_column(String(36))
    activated_at: Mapped[datetime | None]


class FlowVersion(Identified, BusinessOwned, Base):
    """A flow's document as it was from one change to the next. Never changed."""

    __tablename__ = "flow_versions"
    __table_args__ = (UniqueConstraint("business_id", "flow_id", "number"),)

    flow_id: Mapped[str] = mapped_column(ForeignKey("flows.id"))
    number: Mapped[int]
    document: Mapped[dict[str, Any]] = mapped_column(JsonText)
    reason: Mapped[str] = mapped_column(String(400), default="")
    by: Mapped[str | None] = mapped_column(String(36))
    at: Mapped[datetime]


class RetentionRun(Identified, BusinessOwned, Versioned, Base):
    """One customer's trip through a flow, from wanting to cancel to an outcome.

    What is decided once stays: flow and version, group, ranking, limits. A later run of the same subscription within
    14 days makes this one not the definitive one (`superseded_by`).
    """

    __tablename__ = "retention_runs"
    __table_args__ = (
        Index("ix_retention_runs_list", "business_id", "started_at", "id"),
        Index("ix_retention_runs_subscription", "business_id", "subscription_id", "started_at"),
        Index("ix_retention_runs_customer", "business_id", "customer_id"),
        Index("ix_retention_runs_open", "business_id", "outcome", "expires_at"),
        Index(
            "ix_retention_runs_one_open",
            "business_id",
            "subscription_id",
            unique=True,
            sqlite_where=text("outcome IS NULL"),
            postgresql_where=text("outcome IS NULL"),
        ),
    )

    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    subscription_id: Mapped[str] = mapped_column(ForeignKey("subscriptions.id"))
    incidence_id: Mapped[str | None] = mapped_column(String(36))
    """The case from which an agent makes the offers."""
    flow_id: Mapped[str | None] = mapped_column(ForeignKey("flows.id"))
    """None in the holdout, or when no flow fits."""
    flow_version: Mapped[int | None]
    channel: Mapped[str] = mapped_column(String(8))
    """APP (the embed or the business's own page) or AGENT."""
    started_by: Mapped[str | None] = mapped_column(String(36))
    group: Mapped[str] = mapped_column("assigned_group", String(8))
    """TREATED or HOLDOUT: assigned by hash before any offer, sticky."""
    assigned_at: Mapped[datetime]
    """When: later runs of the customer keep the group until it is old."""
    holdout_share: Mapped[float] = mapped_column(Double)
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    """What the rules saw: plan, monthly_value, region, usage, interval, tenure and so on; nothing personal."""
    limits: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """What the limits looked at when the offers were put in order; see `eligibility.History`."""
    flow_rule: Mapped[str | None] = mapped_column(String(128))
    rule_version: Mapped[int | None]
    segment: Mapped[str] = mapped_column(String(120), default="")
    """reason / interval / tenure band, once the reason is known."""
    ranking: Mapped[list[dict[str, Any]]] = mapped_column(JsonText, default=list)
    """The offers in their order, with propensity, posterior and why; empty until the reason is known."""
    refused: Mapped[list[dict[str, Any]]] = mapped_column(JsonText, default=list)
    """The offers that limits forbid, with the limit in words."""
    step: Mapped[int] = mapped_column(default=0)
    """Which of the steps it goes through is shown now."""
    reason: Mapped[str | None] = mapped_column(String(40))
    follow_up: Mapped[str | None] = mapped_column(String(40))
    comment: Mapped[str | None] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(String(3))
    mrr: Mapped[int]
    """At the start, a month."""
    outcome: Mapped[str | None] = mapped_column(String(10))
    """SAVED, CANCELLED or ABANDONED (went away without deciding: still subscribed, nothing accepted)."""
    accepted_offer: Mapped[str | None] = mapped_column(String(40))
    change_id: Mapped[str | None] = mapped_column(String(36))
    """The change of the subscription that carries the outcome out."""
    wants_cancel: Mapped[bool] = mapped_column(default=False)
    """They said to cancel while an offer they had accepted was being carried out: it is cancelled after that."""
    revenue_saved: Mapped[int] = mapped_column(default=0)
    """Descriptive: what is billed a month after what was accepted."""
    message: Mapped[str] = mapped_column(String(400), default="")
    """What the customer was told last."""
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    """When it is ABANDONED if nothing is decided."""
    decided_at: Mapped[datetime | None]
    superseded_by: Mapped[str | None] = mapped_column(String(36))
    ranking_seed: Mapped[str] = mapped_column(String(36))


class OfferEvent(Identified, BusinessOwned, Base):
    """The log: an attempt to cancel, a step or offer that was shown, a decision. Never changed, but for erasure."""

    __tablename__ = "offer_events"
    __table_args__ = (
        UniqueConstraint("business_id", "run_id", "kind", "step", "offer_type"),
        Index("ix_offer_events_at", "business_id", "at"),
        Index("ix_offer_events_customer", "business_id", "customer_id", "at"),
    )

    run_id: Mapped[str] = mapped_column(ForeignKey("retention_runs.id"))
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    subscription_id: Mapped[str] = mapped_column(ForeignKey("subscriptions.id"))
    payment_fingerprint: Mapped[str | None] = mapped_column(String(64), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    """ATTEMPT, SHOWN, ACCEPTED or DECLINED."""
    step: Mapped[int]
    offer_type: Mapped[str] = mapped_column(String(40), default="")
    """PAUSE, DOWNGRADE, DISCOUNT, TRIAL_EXTENSION; empty for a step that is no offer."""
    params: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    place: Mapped[int | None]
    """In the ranking, from 1."""
    propensity: Mapped[float | None] = mapped_column(Double)
    """How likely it was that this offer came first."""
    at: Mapped[datetime]


class OfferArm(BusinessOwned, Base):
    """What matured outcomes say of one offer in one segment: the counts that the ranking learns from."""

    __tablename__ = "offer_arms"

    business_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    segment: Mapped[str] = mapped_column(String(120), primary_key=True)
    offer: Mapped[str] = mapped_column(String(60), primary_key=True)
    """Type and depth, such as DISCOUNT:20."""
    wins: Mapped[float] = mapped_column(Double, default=0.0)
    losses: Mapped[float] = mapped_column(Double, default=0.0)
    value: Mapped[float] = mapped_column(Double, default=0.0)
    """Sum of the shares of the list price that were paid, of which `wins` is the randomised rounding."""
    updated_at: Mapped[datetime]


class RunReward(BusinessOwned, Base):
    """What a run's subscription paid after it, once so much time has passed."""

    __tablename__ = "run_rewards"

    business_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("retention_runs.id"), primary_key=True)
    days: Mapped[int] = mapped_column(Integer, primary_key=True)
    """7, 30, 90 or 180 after the start."""
    net_paid: Mapped[int]
    """Paid, less refunds, disputes and tax."""
    list_price: Mapped[int]
    """What would have been paid for the plan at the start without any offer."""
    discount: Mapped[int] = mapped_column(default=0)
    pause_cost: Mapped[int] = mapped_column(default=0)
    is_win: Mapped[bool | None]
    """The share of the list price rounded by chance, once: what the ranking learns."""
    counted_at: Mapped[datetime]
