"""The mirror of a Stripe account, the inbox of its events, and what is to be changed there.

Amounts are minor units of the row's `currency`. Ids that begin with `stripe_` are Stripe's.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Double, ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.billing.takings_models import Balance, Charge, Payout, Refund, StripeConnecting, TakingsDay
from backend.core.rows import Base, BusinessOwned, Identified, Json, JsonText, Versioned

__all__ = [
    "Balance",
    "Charge",
    "Dispute",
    "FormerAccount",
    "Invoice",
    "Payout",
    "Plan",
    "Refund",
    "StripeAccount",
    "StripeConnecting",
    "StripeEvent",
    "Subscription",
    "SubscriptionChange",
    "TakingsDay",
]


class StripeAccount(Identified, BusinessOwned, Base):
    """The Stripe account of a business, and how far it has been read."""

    __tablename__ = "stripe_accounts"
    __table_args__ = (UniqueConstraint("business_id"),)

    stripe_account_id: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str | None] = mapped_column(String(200))
    """What people call it, as Stripe showed it."""
    key_mark: Mapped[str | None] = mapped_column(String(16))
    """Of the server's own key by which it was known: under another key it may be another account."""
    mode: Mapped[str] = mapped_column(String(16))
    """settings (the server's own key), key (a restricted key of the business) or connect."""
    sealed: Mapped[str | None] = mapped_column(Text)
    """The credentials (see `core.sealing`): `key` and `webhook_secrets`."""
    is_live: Mapped[bool]
    connected_at: Mapped[datetime]
    disconnected_at: Mapped[datetime | None]
    events_read_until: Mapped[datetime | None]
    """Up to when (by Stripe's clock) its list of events was read."""
    synced_at: Mapped[datetime | None]
    """When that list was last read to its end."""
    relisted_at: Mapped[datetime | None]
    """When everything was last listed to its end."""
    relist: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    """Where a re-list is that is under way (see `relist.Place`)."""
    looks: Mapped[int] = mapped_column(default=0)
    """How often Stripe was looked at: the number of a look is drawn before it is asked."""
    missing_scopes: Mapped[list[str] | None] = mapped_column(Json)
    """What the key may not do, when that was last tried."""
    answered_at: Mapped[datetime | None]
    """When Stripe last did what we asked."""
    error: Mapped[str | None] = mapped_column(Text)
    """What went wrong last; None when all has gone well since."""
    failed_at: Mapped[datetime | None]


class FormerAccount(Identified, BusinessOwned, Base):
    """A Stripe account that another one has replaced; what was read of it bears its id."""

    __tablename__ = "stripe_former_accounts"
    __table_args__ = (UniqueConstraint("business_id", "stripe_account_id"),)

    stripe_account_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str | None] = mapped_column(String(200))
    connected_at: Mapped[datetime]
    left_at: Mapped[datetime]


class StripeEvent(Identified, BusinessOwned, Base):
    """An event as Stripe sent or listed it, kept before it was understood. It is a hint: the object is fetched again.

    `outcome` is None until a job has looked, then `applied`, `unchanged`, `ignored` or `failed`.
    """

    __tablename__ = "stripe_events"
    __table_args__ = (
        UniqueConstraint("business_id", "stripe_account_id", "stripe_event_id"),
        Index("ix_stripe_events_object", "business_id", "object_id"),
        Index("ix_stripe_events_open", "business_id", "processed_at"),
    )

    stripe_account_id: Mapped[str] = mapped_column(String(64))
    stripe_event_id: Mapped[str] = mapped_column(String(255))
    type: Mapped[str] = mapped_column(String(100))
    api_version: Mapped[str | None] = mapped_column(String(40))
    occurred_at: Mapped[datetime]
    """`created`, by Stripe's clock, to the second."""
    object_kind: Mapped[str | None] = mapped_column(String(16))
    """What to look at again (see `hints.hint`): subscription, invoice, charge, dispute, payout, customer, price or product."""
    object_id: Mapped[str | None] = mapped_column(String(255))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]
    came_by: Mapped[str] = mapped_column(String(8))
    """webhook or list."""
    processed_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[str | None] = mapped_column(Text)


class Plan(Identified, BusinessOwned, Base):
    """What can be subscribed to: a recurring price of Stripe's, with the name of its product."""

    __tablename__ = "plans"
    __table_args__ = (UniqueConstraint("business_id", "stripe_price_id"),)

    stripe_price_id: Mapped[str] = mapped_column(String(255))
    stripe_product_id: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(200))
    amount: Mapped[int]
    """Of one unit for one interval."""
    currency: Mapped[str] = mapped_column(String(3))
    interval: Mapped[str] = mapped_column(String(8))
    """day, week, month or year."""
    interval_count: Mapped[int] = mapped_column(default=1)
    is_active: Mapped[bool] = mapped_column(default=True)
    former_account: Mapped[str | None] = mapped_column(String(64))
    """Stripe's id of the account that it is of, when that is no longer the business's (see `replacing`)."""


class Subscription(Identified, BusinessOwned, Versioned, Base):
    """A customer's subscription as Stripe last showed it."""

    __tablename__ = "subscriptions"
    __table_args__ = (
        UniqueConstraint("business_id", "stripe_subscription_id"),
        Index("ix_subscriptions_customer", "business_id", "customer_id"),
        Index("ix_subscriptions_list", "business_id", "status", "id"),
        Index("ix_subscriptions_mrr", "business_id", "mrr", "id"),
        Index("ix_subscriptions_renewal", "business_id", "current_period_end", "id"),
        Index("ix_subscriptions_look", "business_id", "look"),
    )

    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    stripe_subscription_id: Mapped[str] = mapped_column(String(255))
    stripe_customer_id: Mapped[str] = mapped_column(String(255), index=True)
    stripe_item_id: Mapped[str | None] = mapped_column(String(255))
    status: Mapped[str] = mapped_column(String(24))
    """Stripe's: incomplete, incomplete_expired, trialing, active, past_due, canceled, unpaid or paused."""
    plan_id: Mapped[str | None] = mapped_column(ForeignKey("plans.id"))
    quantity: Mapped[int] = mapped_column(default=1)
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[int]
    """What is billed for each interval before discounts: all items together."""
    interval: Mapped[str] = mapped_column(String(8))
    interval_count: Mapped[int] = mapped_column(default=1)
    mrr: Mapped[int]
    """What it brings in a month, net of discounts; nothing when paused, in trial, unpaid or ended."""
    started_at: Mapped[datetime]
    current_period_start: Mapped[datetime | None]
    current_period_end: Mapped[datetime | None]
    trial_end: Mapped[datetime | None]
    cancel_at_period_end: Mapped[bool] = mapped_column(default=False)
    cancel_at: Mapped[datetime | None]
    canceled_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    cancellation_reason: Mapped[str | None] = mapped_column(String(40))
    """cancellation_requested, payment_disputed or payment_failed: the last two are involuntary."""
    cancellation_feedback: Mapped[str | None] = mapped_column(String(40))
    paused_behavior: Mapped[str | None] = mapped_column(String(24))
    """Of `pause_collection`: void, keep_as_draft, mark_uncollectible; None when it is collected."""
    resumes_at: Mapped[datetime | None]
    discount_percent: Mapped[float | None] = mapped_column(Double)
    discount_amount: Mapped[int | None]
    discount_ends_at: Mapped[datetime | None]
    """Of the discount that ends first; None also when it never ends."""
    discounts: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    """All of them: id, coupon, percentOff or amountOff, endsAt."""
    stripe_schedule_id: Mapped[str | None] = mapped_column(String(255))
    scheduled_plan_id: Mapped[str | None] = mapped_column(ForeignKey("plans.id"))
    scheduled_at: Mapped[datetime | None]
    """When the schedule moves it to that plan."""
    collection_method: Mapped[str] = mapped_column(String(24), default="charge_automatically")
    billing_mode: Mapped[str] = mapped_column(String(16), default="classic")
    is_disputed: Mapped[bool] = mapped_column(default=False)
    has_unpaid_invoice: Mapped[bool] = mapped_column(default=False)
    payment_fingerprint: Mapped[str | None] = mapped_column(String(64))
    """Of the card it is paid with: limits hold for everybody who pays with it."""
    is_live: Mapped[bool]
    read_at: Mapped[datetime]
    """When Stripe was last asked; what it showed is at least so fresh."""
    look: Mapped[int] = mapped_column(default=0)
    """The look (`StripeAccount.looks`) that showed it: what an earlier one shows comes too late."""
    gone_at: Mapped[datetime | None]
    """When Stripe was found to have it no more."""
    former_account: Mapped[str | None] = mapped_column(String(64))
    """Stripe's id of the account that it is of, when that is no longer the business's (see `replacing`)."""


class Invoice(Identified, BusinessOwned, Base):
    """An invoice of a customer, with what was really paid, given back and disputed."""

    __tablename__ = "invoices"
    __table_args__ = (
        UniqueConstraint("business_id", "stripe_invoice_id"),
        Index("ix_invoices_subscription", "business_id", "subscription_id", "paid_at"),
        Index("ix_invoices_paid", "business_id", "paid_at"),
        Index("ix_invoices_customer", "business_id", "customer_id", "paid_at"),
    )

    stripe_invoice_id: Mapped[str] = mapped_column(String(255))
    customer_id: Mapped[str | None] = mapped_column(ForeignKey("customers.id"))
    subscription_id: Mapped[str | None] = mapped_column(ForeignKey("subscriptions.id"))
    stripe_charge_id: Mapped[str | None] = mapped_column(String(255), index=True)
    stripe_payment_intent_id: Mapped[str | None] = mapped_column(String(255), index=True)
    status: Mapped[str] = mapped_column(String(16))
    """draft, open, paid, uncollectible or void."""
    billing_reason: Mapped[str | None] = mapped_column(String(40))
    currency: Mapped[str] = mapped_column(String(3))
    subtotal: Mapped[int]
    discount: Mapped[int] = mapped_column(default=0)
    tax: Mapped[int] = mapped_column(default=0)
    total: Mapped[int]
    amount_paid: Mapped[int] = mapped_column(default=0)
    refunded: Mapped[int] = mapped_column(default=0)
    disputed: Mapped[int] = mapped_column(default=0)
    """In disputes that are open or lost."""
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    period_start: Mapped[datetime | None]
    period_end: Mapped[datetime | None]
    read_at: Mapped[datetime]
    look: Mapped[int] = mapped_column(default=0)
    charge_look: Mapped[int] = mapped_column(default=0)
    """The look that showed what was given back of its charge."""
    former_account: Mapped[str | None] = mapped_column(String(64))
    """Stripe's id of the account that it is of, when that is no longer the business's (see `replacing`)."""


class Dispute(Identified, BusinessOwned, Base):
    """A charge that a customer took back, or tries to."""

    __tablename__ = "disputes"
    __table_args__ = (
        UniqueConstraint("business_id", "stripe_dispute_id"),
        Index("ix_disputes_subscription", "business_id", "subscription_id"),
        Index("ix_disputes_created", "business_id", "created_at"),
    )

    stripe_dispute_id: Mapped[str] = mapped_column(String(255))
    stripe_charge_id: Mapped[str | None] = mapped_column(String(255))
    customer_id: Mapped[str | None] = mapped_column(ForeignKey("customers.id"))
    subscription_id: Mapped[str | None] = mapped_column(ForeignKey("subscriptions.id"))
    invoice_id: Mapped[str | None] = mapped_column(ForeignKey("invoices.id"), index=True)
    status: Mapped[str] = mapped_column(String(32))
    """Stripe's: needs_response, under_review, won, lost, prevented, warning_needs_response …"""
    reason: Mapped[str] = mapped_column(String(40))
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    created_at: Mapped[datetime]
    read_at: Mapped[datetime]
    look: Mapped[int] = mapped_column(default=0)
    former_account: Mapped[str | None] = mapped_column(String(64))
    """Stripe's id of the account that it is of, when that is no longer the business's (see `replacing`)."""


class SubscriptionChange(Identified, BusinessOwned, Base):
    """Something to do to a subscription: the intent, written before Stripe is called, and what came of it.

    States: INTENDED, CALLING (a call may have been made), DONE (read back as it was wanted), FAILED (refused, nothing
    was changed) and MISMATCHED (Stripe says otherwise than was asked: a person must look).
    """

    __tablename__ = "subscription_changes"
    __table_args__ = (
        UniqueConstraint("business_id", "idempotency_key"),
        Index("ix_subscription_changes_subscription", "business_id", "subscription_id", "id"),
        Index("ix_subscription_changes_open", "business_id", "state"),
    )

    subscription_id: Mapped[str] = mapped_column(ForeignKey("subscriptions.id"))
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    kind: Mapped[str] = mapped_column(String(24))
    """PAUSE, RESUME, DOWNGRADE, DISCOUNT, TRIAL_EXTENSION, CANCEL or KEEP (the undoing of a cancellation)."""
    params: Mapped[dict[str, Any]] = mapped_column(JsonText)
    preview: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    """The amounts that were shown before it was confirmed, with their prorationDate."""
    idempotency_key: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16), default="INTENDED")
    before: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    wanted: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    after: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    error: Mapped[str | None] = mapped_column(Text)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    asked_by: Mapped[str | None] = mapped_column(String(36))
    """The member; None when the customer asked in a cancel flow."""
    asked_at: Mapped[datetime]
    called_at: Mapped[datetime | None]
    held_by: Mapped[str | None] = mapped_column(String(128))
    """The job that carries it out, until `held_until`; none between two tries."""
    held_until: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    run_id: Mapped[str | None] = mapped_column(String(36), index=True)
    incidence_id: Mapped[str | None] = mapped_column(String(36))
