"""Wire types of customers."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from backend.core.text import Key, Line
from backend.core.wire import Change, UtcInstant, Wire

Tier = Literal["GOLD", "SILVER", "BRONZE"]


class CustomerBrief(Wire):
    """A customer as shown beside work: no way to reach them."""

    id: str
    user_id: str
    """The external id."""
    name: str
    tier: Tier
    language: str


class RiskBrief(Wire):
    """A risk beside a customer, as it was calculated last."""

    score: int
    level: Literal["low", "medium", "high"]
    reasons: list[str] = []
    """The factors that weigh most, in words."""


class PaidBrief(Wire):
    """What a customer's subscriptions bring in a month, net of discounts, in the currency that brings most."""

    mrr: float | int
    currency: str


class ChurnBrief(Wire):
    """How likely a customer is to leave within a month, as it was predicted last."""

    probability: float
    level: Literal["low", "medium", "high"]
    is_model: bool
    """Whether it was learned from the past; else it is rules."""


class CustomerRead(CustomerBrief):
    """A customer. E-mail and phone are masked unless they were asked for with `reveal`, which is recorded."""

    email: str | None = None
    phone: str | None = None
    region: str | None = None
    email_opt_out: bool = False
    """Whether they want no mail that nobody wrote to them by hand."""
    is_revealed: bool = False
    past_order_count: int = 0
    last_order_date: date | None = None
    created_at: UtcInstant
    version: int = 1
    risk: RiskBrief | None = None
    churn: ChurnBrief | None = None
    paid: PaidBrief | None = None
    last_activity: UtcInstant | None = None
    """All four in answers to those who ask for customers; what is told of a change has none."""


class CustomerChange(Change):
    name: Line | None = None
    email: Annotated[str, Field(max_length=254)] | None = None
    phone: Annotated[str, Field(max_length=40)] | None = None
    language: Key | None = None
    region: Annotated[str, Field(max_length=16)] | None = None
    """ISO 3166, such as IN or IN-KA."""
    tier: Tier | None = None
    past_order_count: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    last_order_date: date | None = None
    email_opt_out: bool | None = None


class CustomerExport(Wire):
    """Everything that is held of a customer: the rows of each table as they are stored, and what was left out and why."""

    customer_id: str
    user_id: str
    business: dict[str, str]
    exported_at: UtcInstant
    note: str
    left_out: dict[str, str]
    rows: dict[str, int]
    """How many, by table."""
    tables: dict[str, list[dict[str, Any]]]
