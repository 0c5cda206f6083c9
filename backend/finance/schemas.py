"""Wire types of finance. Amounts are major units of the `currency` beside them; shares are from 0 to 1."""

from typing import Literal

from backend.core.wire import Change, UtcInstant, Wire

Number = int | float
Tier = Literal["not_ready", "improving", "funding_ready", "highly_attractive"]
Status = Literal["pending", "accepted", "dismissed", "resolved"]
Priority = Literal["high", "medium", "low"]
By = Literal["hour", "day"]


class Metrics(Wire):
    """The six metrics of one currency, and what they are made of. None is what cannot be said."""

    currency: str
    revenue_total: Number
    revenue_volatility: float | None
    chargeback_ratio: float | None
    payout_reliability: float | None
    average_transaction_size: Number | None
    transaction_count: int
    refund_total: Number
    revenue_net: Number


class CurrencyMetrics(Metrics):
    """The same with the period before, and the counts behind the shares."""

    revenue_before: Number | None
    """Of the period before, None when nothing is known of it."""
    failed_count: int
    chargeback_count: int
    payout_count: int


class MetricsRead(CurrencyMetrics):
    """The metrics of a period in the business's currency; those of other currencies are in `others`, unconverted."""

    business_id: str
    start: UtcInstant
    end: UtcInstant
    zone: str
    volatility_days: int
    """How long the spans are that volatility is of."""
    others: list[CurrencyMetrics]
    snapshot_at: UtcInstant | None
    """When they were last kept."""
    synced_at: UtcInstant | None
    """When Stripe was last read."""
    definitions: dict[str, str]


class MetricPoint(Metrics):
    """The metrics as they were known at `at`, of the days before it."""

    at: UtcInstant
    start: UtcInstant


class MetricHistory(Wire):
    """Kept metrics, the earliest first."""

    items: list[MetricPoint]
    zone: str
    definitions: dict[str, str]


class FactorRead(Wire):
    """A factor of the score. `text` is why it holds, with the numbers of now; `condition` is when it does."""

    rule: str
    label: str
    points: float
    condition: str
    text: str


class LeverRead(Wire):
    """A number that, moved as `words` say, brings `points`. `now` and `target` in words."""

    fact: str
    label: str
    now: str
    target: str
    words: str
    points: int
    score: int
    tier: Tier


class LiftRead(Wire):
    """What reaches the next tier: all of `levers` together; none when nothing tried does."""

    tier: Tier
    label: str
    from_score: int
    missing: int
    levers: list[LeverRead]
    score: int


class ReadinessRead(Wire):
    """The score now, what it is made of, and what would lift it."""

    business_id: str
    score: int
    tier: Tier
    label: str
    base: float
    helps: list[FactorRead]
    hurts: list[FactorRead]
    idle: list[FactorRead]
    levers: list[LeverRead]
    next_tier: LiftRead | None
    calculated_at: UtcInstant
    rule_version: int


class ReadinessPoint(Wire):
    """A score that was kept. `factors` are the rules that held, with their points."""

    score: int
    tier: Tier
    label: str
    factors: list[dict[str, Number | str]]
    rule_version: int
    calculated_at: UtcInstant


class ReadinessHistory(Wire):
    """Kept scores, the earliest first."""

    items: list[ReadinessPoint]
    zone: str


class RecommendationRead(Wire):
    """Something that would help. `impact`: points of readiness that following it would bring."""

    id: str
    rule: str
    title: str
    reason: str
    action: str
    impact: int
    priority: Priority
    status: Status
    rule_version: int
    created_at: UtcInstant
    updated_at: UtcInstant
    decided_at: UtcInstant | None
    decided_by: str | None
    version: int


class RecommendationChange(Change):
    """A member's answer."""

    status: Literal["accepted", "dismissed"]
