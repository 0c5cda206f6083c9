"""Wire types of analytics."""

from datetime import date
from typing import Literal

from pydantic import Field

from backend.core.wire import UtcInstant, Wire

Number = float | int
By = Literal["hour", "day", "week"]
What = Literal["kpis", "trend", "rows", "friction", "cost"]
Format = Literal["csv", "parquet"]


class Days(Wire):
    """Which days, in which zone: `start` to `end` as instants. Everything up to event `as_of` is counted."""

    first: date = Field(alias="from")
    last: date = Field(alias="to")
    zone: str
    start: UtcInstant
    end: UtcInstant
    as_of: int


class MetricRead(Wire):
    """What a metric is. `better` is more, less or neither; `unit` percent, seconds, count or money (major units)."""

    name: str
    label: str
    definition: str
    unit: str
    better: str


class Figures(Wire):
    """A value, None with a note when there is not enough to say one, and what it was divided from."""

    value: Number | None
    note: str | None = None
    numerator: Number
    denominator: Number | None = None


class Counted(Wire):
    dimension: str
    count: int


class Kpi(MetricRead, Figures):
    """A metric over the days, over as many days before, the change, and a curve of the days."""

    before: Number | None
    change: Number | None
    series: list[Number | None]
    top: list[Counted] | None = None


class KpisRead(Days):
    currency: str
    cost_version: int
    kpis: list[Kpi]


class Point(Figures):
    start: UtcInstant
    end: UtcInstant
    local: str
    """The start as the zone's clocks show it."""


class TrendRead(Days, MetricRead):
    currency: str
    by: By
    points: list[Point]


class ChannelCostRead(Wire):
    channel: str | None
    contacts: int
    handled_seconds: int
    agent_time: Number
    contact_cost: Number
    minute_cost: Number
    total: Number
    per_contact: Number


class CostRead(Days):
    """Money in major units of the currency."""

    currency: str
    cost_version: int
    agent_hour: Number
    channels: list[ChannelCostRead]
    total: Number
    orders: int
    assisted_orders: int
    cost_per_order: Number | None
    cost_per_assisted_order: Number | None
    definition: str
    per_assisted_order_definition: str
    note: str | None = None


class OnScreen(Wire):
    screen: str
    cases: int


class Sign(Wire):
    signal: str
    customers: int


class Reason(Wire):
    category: str
    cases: int
    share_percent: Number
    before: int
    change_percent: Number | None
    is_repeated: bool
    open: int
    screens: list[OnScreen]
    signals: list[Sign]
    refs: list[str]


class Repeat(Wire):
    category: str
    cases: int
    open: int
    refs: list[str]


class ReportFigure(Figures):
    name: str
    label: str
    definition: str
    unit: str


class Recommended(Wire):
    """What to mend, whose it is, how soon (HIGH, MEDIUM, LOW), why, and the rule that says so."""

    category: str
    fix: str
    owner: str
    urgency: str
    evidence: str
    refs: list[str]
    rule: str
    rule_version: int


class FrictionReportRead(Days):
    currency: str
    feedback_version: int
    cases: int
    top_friction_reasons: list[Reason]
    unresolved_repeats: list[Repeat]
    repeats: list[str]
    repeat_above: int
    figures: list[ReportFigure]
    cost: CostRead
    recommendations: list[Recommended]


class KeptReport(FrictionReportRead):
    """The report of a week, as it was made."""

    id: str
    created_at: UtcInstant


class RowRead(Wire):
    """One thing that was counted, with the case it is about; of an order, the case that helped with it."""

    kind: str
    at: UtcInstant
    incidence_id: str | None
    ref: str | None
    summary: str | None
    status: str | None
    order_id: str | None
    customer_id: str | None
    user_id: str | None
    customer_name: str | None
    category: str | None
    channel: str | None
    screen: str | None
    is_self_serve: bool
    outcome: str | None
    seconds: int | None
    handled_seconds: int | None
    amount: Number | None
    is_counted: bool


class RowsRead(Days):
    """`count` is how many there are in all."""

    metric: str
    count: int
    items: list[RowRead]
    next_cursor: str | None = None
