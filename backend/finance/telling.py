"""Rows and figures as the API shows them."""

from typing import Any

from backend.core.money import to_major
from backend.core.text import clean_line
from backend.finance.figures import DEFINITIONS, Figures
from backend.finance.levers import Lever, Lift
from backend.finance.measuring import Measured
from backend.finance.models import MetricSnapshot, ReadinessScore, Recommendation
from backend.finance.schemas import (
    CurrencyMetrics,
    FactorRead,
    LeverRead,
    LiftRead,
    MetricPoint,
    MetricsRead,
    ReadinessPoint,
    RecommendationRead,
)
from backend.finance.scoring import Factor
from backend.rules.shipped.readiness import LABELS
from backend.rules.wording import value_in_words


def metrics_of(one: Figures) -> CurrencyMetrics:
    """The figures of a currency."""
    return CurrencyMetrics(**_in_major(one))


def metrics_read(business_id: str, measured: Measured, *, snapshot_at: Any, synced_at: Any) -> MetricsRead:
    """A period, with the definitions of its metrics."""
    return MetricsRead(
        **_in_major(measured.own),
        business_id=business_id,
        start=measured.start,
        end=measured.end,
        zone=measured.zone,
        volatility_days=measured.volatility_days,
        others=[metrics_of(one) for one in measured.others],
        snapshot_at=snapshot_at,
        synced_at=synced_at,
        definitions=DEFINITIONS,
    )


def metric_point(row: MetricSnapshot) -> MetricPoint:
    """A snapshot."""
    currency, average = row.currency, row.average_transaction_size
    return MetricPoint(
        at=row.taken_at,
        start=row.period_start,
        currency=currency,
        revenue_total=to_major(row.revenue_total, currency),
        revenue_volatility=row.revenue_volatility,
        chargeback_ratio=row.chargeback_ratio,
        payout_reliability=row.payout_reliability,
        average_transaction_size=None if average is None else to_major(average, currency),
        transaction_count=row.transaction_count,
        refund_total=to_major(row.refund_total, currency),
        revenue_net=to_major(row.revenue_net, currency),
    )


def factor_read(one: Factor) -> FactorRead:
    return FactorRead(
        rule=one.rule, label=one.label, points=one.points, condition=one.condition, text=clean_line(one.text)
    )


def lever_read(one: Lever) -> LeverRead:
    return LeverRead(
        fact=one.fact.name,
        label=one.fact.label,
        now=_now(one),
        target=one.words,
        words=f"{one.fact.label} {one.words} (now {_now(one)})",
        points=one.points,
        score=one.score,
        tier=one.tier,
    )


def _now(one: Lever) -> str:
    """For people: two places of a fraction."""
    return value_in_words(one.fact, round(one.now, 2) if isinstance(one.now, float) else one.now)


def lift_read(one: Lift, score: int) -> LiftRead:
    return LiftRead(
        tier=one.tier,
        label=LABELS[one.tier],
        from_score=one.score_needed,
        missing=one.score_needed - score,
        levers=[lever_read(lever) for lever in one.levers],
        score=one.score,
    )


def readiness_point(row: ReadinessScore) -> ReadinessPoint:
    """A score that was kept."""
    tier: Any = row.tier
    return ReadinessPoint(
        score=row.score,
        tier=tier,
        label=LABELS[tier],
        factors=row.factors,
        rule_version=row.rule_version,
        calculated_at=row.calculated_at,
    )


def recommendation_read(row: Recommendation) -> RecommendationRead:
    return RecommendationRead.model_validate(row)


def as_json(read: Any) -> dict[str, Any]:
    """The state of an event."""
    state: dict[str, Any] = read.model_dump(mode="json", by_alias=True)
    return state


def _in_major(one: Figures) -> dict[str, Any]:
    currency = one.currency

    def money(minor: int | None) -> int | float | None:
        return None if minor is None else to_major(minor, currency)

    return {
        "currency": currency,
        "revenue_total": money(one.revenue_total),
        "revenue_volatility": one.revenue_volatility,
        "chargeback_ratio": one.chargeback_ratio,
        "payout_reliability": one.payout_reliability,
        "average_transaction_size": money(one.average_transaction_size),
        "transaction_count": one.transaction_count,
        "refund_total": money(one.refund_total),
        "revenue_net": money(one.revenue_net),
        "revenue_before": money(one.revenue_before),
        "failed_count": one.failed_count,
        "chargeback_count": one.chargeback_count,
        "payout_count": one.payout_count,
    }
