"""What moves a business's money at Stripe, as rows of the mirror: charges, refunds, payouts, the balance, and sums by day.

Amounts are minor units of the row's `currency`. Nothing here names a person: who paid is Stripe's id alone.
"""

from datetime import datetime

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.rows import Base, BusinessOwned, Identified


class Charge(Identified, BusinessOwned, Base):
    """A try to take money from somebody."""

    __tablename__ = "charges"
    __table_args__ = (
        UniqueConstraint("business_id", "stripe_charge_id"),
        Index("ix_charges_created", "business_id", "created_at"),
    )

    stripe_charge_id: Mapped[str] = mapped_column(String(255))
    stripe_customer_id: Mapped[str | None] = mapped_column(String(255))
    status: Mapped[str] = mapped_column(String(16))
    """Stripe's: succeeded, pending or failed."""
    amount: Mapped[int]
    captured: Mapped[int] = mapped_column(default=0)
    """What was really taken of it; nothing of one that is only authorised."""
    refunded: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str] = mapped_column(String(3))
    failure_code: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    read_at: Mapped[datetime]
    look: Mapped[int] = mapped_column(default=0)
    former_account: Mapped[str | None] = mapped_column(String(64))
    """Stripe's id of the account that it is of, when that is no longer the business's (see `replacing`)."""


class Refund(Identified, BusinessOwned, Base):
    """Money that was given back of a charge, on the day it was given back."""

    __tablename__ = "refunds"
    __table_args__ = (
        UniqueConstraint("business_id", "stripe_refund_id"),
        Index("ix_refunds_created", "business_id", "created_at"),
        Index("ix_refunds_charge", "business_id", "stripe_charge_id"),
    )

    stripe_refund_id: Mapped[str] = mapped_column(String(255))
    stripe_charge_id: Mapped[str | None] = mapped_column(String(255))
    status: Mapped[str] = mapped_column(String(16))
    """Stripe's: pending, requires_action, succeeded, failed or canceled."""
    reason: Mapped[str | None] = mapped_column(String(40))
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    created_at: Mapped[datetime]
    read_at: Mapped[datetime]
    look: Mapped[int] = mapped_column(default=0)
    former_account: Mapped[str | None] = mapped_column(String(64))
    """Stripe's id of the account that it is of, when that is no longer the business's (see `replacing`)."""


class Payout(Identified, BusinessOwned, Base):
    """Money on its way from Stripe to the business's bank."""

    __tablename__ = "payouts"
    __table_args__ = (
        UniqueConstraint("business_id", "stripe_payout_id"),
        Index("ix_payouts_arrives", "business_id", "arrives_at"),
    )

    stripe_payout_id: Mapped[str] = mapped_column(String(255))
    status: Mapped[str] = mapped_column(String(16))
    """Stripe's: pending, in_transit, paid, failed or canceled; one that was paid can fail within days."""
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    is_automatic: Mapped[bool] = mapped_column(default=True)
    failure_code: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    arrives_at: Mapped[datetime]
    """The beginning of the day on which Stripe says it arrives."""
    paid_at: Mapped[datetime | None]
    """When it was seen to become paid; None also for one that was paid when it was first seen, of which Stripe tells no
    other instant than the day it arrived."""
    read_at: Mapped[datetime]
    look: Mapped[int] = mapped_column(default=0)
    former_account: Mapped[str | None] = mapped_column(String(64))
    """Stripe's id of the account that it is of, when that is no longer the business's (see `replacing`)."""


class Balance(Identified, BusinessOwned, Base):
    """What the account holds in one currency."""

    __tablename__ = "balances"
    __table_args__ = (UniqueConstraint("business_id", "currency"),)

    currency: Mapped[str] = mapped_column(String(3))
    available: Mapped[int]
    pending: Mapped[int]
    read_at: Mapped[datetime]
    look: Mapped[int] = mapped_column(default=0)


class TakingsDay(Identified, BusinessOwned, Base):
    """The sums of one local day in one currency, rolled up from the rows once the day is over.

    The row with the currency "" says that the day was rolled up. A change of any row of the day takes all of them away.
    """

    __tablename__ = "takings_days"
    __table_args__ = (UniqueConstraint("business_id", "zone", "day", "currency"),)

    zone: Mapped[str] = mapped_column(String(64))
    day: Mapped[str] = mapped_column(String(10))
    currency: Mapped[str] = mapped_column(String(3))
    charges: Mapped[int] = mapped_column(default=0)
    captured: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    refunds: Mapped[int] = mapped_column(default=0)
    refunded: Mapped[int] = mapped_column(default=0)
    chargebacks: Mapped[int] = mapped_column(default=0)
    charged_back: Mapped[int] = mapped_column(default=0)


class StripeConnecting(Identified, BusinessOwned, Base):
    """A member on the way to connect an account by OAuth: the `state` that comes back, as a fingerprint, for one use."""

    __tablename__ = "stripe_connectings"

    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    member_id: Mapped[str] = mapped_column(String(36))
    sign_in_id: Mapped[str | None] = mapped_column(String(36))
    """By which it was begun: once that is over, so is this."""
    browser: Mapped[str | None] = mapped_column(String(64))
    """The fingerprint of the cookie of the browser in which somebody went on to Stripe: it has to come back there."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)
    """Why nothing came of it."""
    account_id: Mapped[str | None] = mapped_column(String(64))
    """Stripe's id of the account that its owner agreed to, while somebody here has to agree that it replaces the last one."""
    account_name: Mapped[str | None] = mapped_column(String(200))
