"""Selects of the mirror."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.billing.models import StripeAccount
from backend.identity.models import Business


def first_business(session: Session) -> str | None:
    """The id of the business that was made first: the settings' key is its."""
    return session.scalar(select(Business.id).order_by(Business.created_at, Business.id).limit(1))


def account(session: Session, business_id: str) -> StripeAccount | None:
    """The Stripe account of the business, disconnected or not."""
    return session.scalar(select(StripeAccount).where(StripeAccount.business_id == business_id))
