"""Customers. Personal fields live here and nowhere else."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.rows import Base, BusinessOwned, Identified, Versioned


class Customer(Identified, BusinessOwned, Versioned, Base):
    """The end user the work is about; unique by (business, external id)."""

    __tablename__ = "customers"
    __table_args__ = (UniqueConstraint("business_id", "external_id"),)

    external_id: Mapped[str] = mapped_column(String(128))
    name: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(16), default="en")
    region: Mapped[str | None] = mapped_column(String(16))
    """ISO 3166: a country, or one of its parts, such as IN or IN-KA."""
    tier: Mapped[str] = mapped_column(String(16), default="BRONZE")
    email_opt_out: Mapped[bool] = mapped_column(default=False)
    """They want no mail that nobody wrote to them by hand."""
    past_order_count: Mapped[int] = mapped_column(default=0)
    last_order_date: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]


class CustomerHandle(BusinessOwned, Base):
    """What another system calls a customer: a chat platform's user id."""

    __tablename__ = "customer_handles"

    business_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    platform: Mapped[str] = mapped_column(String(32), primary_key=True)
    handle: Mapped[str] = mapped_column(String(128), primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
