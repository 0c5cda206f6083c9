"""Wire types of the dashboard. Each number stands beside what it means."""

from typing import Literal

from backend.core.wire import UtcInstant, Wire


class DashboardMetric(Wire):
    """A number. `value` is None when there is nothing to divide by."""

    name: str
    label: str
    unit: Literal["count", "percent", "money"]
    value: float | None
    definition: str


class Dashboard(Wire):
    """How the business stands now. Money is in major units of `currency`."""

    currency: str
    as_of: UtcInstant
    metrics: list[DashboardMetric]


class ChartPoint(Wire):
    """A local month or week; the last one goes on until now."""

    start: UtcInstant
    end: UtcInstant
    label: str
    mrr: float
    paid: float
    subscriptions: int
    """That bring money at its end."""
    started: int
    churned: int
    involuntary: int
    churn_rate: float | None
    """Percent."""


class ChartData(Wire):
    """Churn and revenue by month or week, the oldest first."""

    by: Literal["month", "week"]
    zone: str
    currency: str
    other_currencies: int
    """Subscriptions in other currencies, which are in none of the numbers."""
    points: list[ChartPoint]
    definitions: dict[str, str]
