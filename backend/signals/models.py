"""Signals, append-only and narrow, and the live context of each customer. Neither holds personal data."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Double, ForeignKey, Index, String, text, true
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.rows import Base, BusinessOwned, Json

ORDER_PLACED = "order_placed"
"""The type of the signal that tells of an order: it ends the visit, and is what orders are counted by."""
ORDER_ID = "order_id"
"""The property of such a signal that says which order; of no other one."""


class Signal(BusinessOwned, Base):
    """One fact of behaviour. The id is the client's, or ours: seen again for the same customer, it is the same fact."""

    __tablename__ = "signals"
    __table_args__ = (
        Index(
            "ix_signals_orders",
            "business_id",
            "received_at",
            sqlite_where=text(f"type = '{ORDER_PLACED}'"),
            postgresql_where=text(f"type = '{ORDER_PLACED}'"),
        ),
        Index(
            "ix_signals_told",
            "business_id",
            "customer_id",
            "id",
            unique=True,
            sqlite_where=text("is_told = 1"),
            postgresql_where=text("is_told"),
        ),
        {
            "sqlite_with_rowid": False
        },  # one tree instead of two: a customer's signals lie together, the latest at the end
    )

    business_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), primary_key=True)
    occurred_at: Mapped[datetime] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    type: Mapped[str] = mapped_column(String(64))
    value: Mapped[float | None] = mapped_column(Double)
    flow: Mapped[str | None] = mapped_column(String(128))
    screen: Mapped[str | None] = mapped_column(String(128))
    properties: Mapped[dict[str, Any] | None] = mapped_column(Json)
    received_at: Mapped[datetime]
    is_told: Mapped[bool] = mapped_column(server_default=true())
    """Whether the id is the client's. Only those are looked for when a signal comes."""


class Context(BusinessOwned, Base):
    """What a customer is doing in the app: the visit, the screen, the cart."""

    __tablename__ = "contexts"
    business_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), primary_key=True)
    started_at: Mapped[datetime | None]
    """When the visit began; None when it was ended."""
    last_activity: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    """When silence will end the visit; when there is none, when the last one was ended."""
    screen: Mapped[str | None] = mapped_column(String(128))
    previous_screens: Mapped[list[str]] = mapped_column(Json, server_default=text("'[]'"))
    """The last ten, the latest last."""
    visit: Mapped[dict[str, Any]] = mapped_column(Json, server_default=text("'{}'"))
    """counters {flow: {signal type: count, or longest seconds}}, idle {screen: longest seconds}, trend [score, …],
    prompts {cause: {id, isShown}}."""
    score: Mapped[int] = mapped_column(server_default=text("0"))
    activity: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """What the customer did so far, as `activity.Activity` keeps it; None when it was not counted yet."""
    suppressed_until: Mapped[datetime | None]
    """Until when the customer is left alone, after saying no to help."""

    cart_items: Mapped[list[Any]] = mapped_column(Json, server_default=text("'[]'"))
    selected_platter: Mapped[dict[str, Any] | None] = mapped_column(Json)
    guest_count: Mapped[int | None]
    event_date: Mapped[date | None] = mapped_column(Date)
    event_type: Mapped[str | None] = mapped_column(String(128))
    estimated_value: Mapped[int | None]
    """Minor units of the business's currency."""
