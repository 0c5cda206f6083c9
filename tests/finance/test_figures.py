"""The formulas against computations of their own: every metric, the score, each threshold on its edge, every lever."""

import statistics
from fractions import Fraction
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.billing.takings import PaidOut, Takings
from backend.core.money import to_major
from backend.finance.advising import priority_of
from backend.finance.figures import Figures, average, figures, share, volatility
from backend.finance.levers import gain, levers, lift
from backend.finance.scoring import facts_of, rate, score_of
from backend.rules.shipped.readiness import READINESS, next_tier, tier_of
from backend.rules.shipped.recommendation import CATALOGUE, READINESS_SCORE, RECOMMENDATION

RULES = READINESS.compile(READINESS.shipped, 1)
ADVICE = RECOMMENDATION.compile(RECOMMENDATION.shipped, 1)
FEW = settings(max_examples=60, deadline=None)
counts = st.integers(0, 400)


@FEW
@given(st.lists(st.integers(0, 10**12), max_size=12))
def test_volatility_is_the_sample_deviation_over_the_mean(amounts: list[int]) -> None:
    told = volatility(amounts)
    if len(amounts) < 2 or sum(amounts) == 0:
        assert told is None
    else:
        exact = [Fraction(amount) for amount in amounts]
        assert told == pytest.approx(float(statistics.stdev(exact)) / float(statistics.mean(exact)), rel=1e-12)


@pytest.mark.parametrize(
    ("amounts", "told"),
    [([], None), ([5], None), ([0, 0, 0], None), ([7, 7, 7, 7], 0.0), ([1, 3], 2**0.5 / 2), ([0, 1_000], 2**0.5)],
)
def test_volatility_of_little(amounts: list[int], told: float | None) -> None:
    assert volatility(amounts) == (None if told is None else pytest.approx(told, rel=1e-15))


def test_shares_and_averages_of_nothing_are_not_known() -> None:
    assert (share(0, 0), share(0, 4), share(1, 4)) == (None, 0.0, 0.25)
    assert (average(0, 0), average(5, 2), average(4, 3), average(200, 1)) == (None, 3, 1, 200)


def of(**numbers: Any) -> Figures:
    taken = Takings(charges=numbers.get("charges", 0), captured=numbers.get("captured", 0))
    taken.chargebacks, taken.refunded = numbers.get("chargebacks", 0), numbers.get("refunded", 0)
    paid = PaidOut(numbers.get("due", 0), numbers.get("on_time", 0))
    return figures(numbers.get("currency", "INR"), taken, numbers.get("spans", ()), paid, numbers.get("before"))


def score_by_hand(one: Figures) -> int:
    """The table of the source, in fractions: nothing is shared with the code but the numbers."""
    score = 50
    if one.revenue_before is not None:
        score += 10 if one.revenue_total > one.revenue_before else -5 if one.revenue_total < one.revenue_before else 0
    if one.revenue_volatility is not None:
        score += -10 if one.revenue_volatility > 0.5 else 5 if one.revenue_volatility < 0.2 else 0
    if one.transaction_count:
        ratio = Fraction(one.chargeback_count, one.transaction_count)
        score += -15 if ratio > Fraction(2, 100) else 5 if ratio < Fraction(5, 1000) else 0
    if one.payout_count:
        assert one.payout_reliability is not None
        on_time = Fraction(round(one.payout_reliability * one.payout_count), one.payout_count)
        score += 10 if on_time > Fraction(95, 100) else -10 if on_time < Fraction(80, 100) else 0
    return max(0, min(100, score))


@st.composite
def businesses(draw: st.DrawFn) -> Figures:
    charges, due = draw(counts), draw(st.integers(0, 60))
    return of(
        charges=charges,
        captured=draw(st.integers(0, 10**9)) if charges else 0,
        chargebacks=draw(st.integers(0, min(charges, 12))),
        due=due,
        on_time=draw(st.integers(0, due)),
        spans=draw(st.lists(st.integers(0, 10**9), max_size=4)),
        before=draw(st.none() | st.integers(0, 10**9)),
        currency=draw(st.sampled_from(["INR", "JPY", "KWD"])),
    )


@FEW
@given(businesses())
def test_the_score_is_the_sum_of_the_table(one: Figures) -> None:
    rated = rate(RULES, facts_of(one))
    assert rated.score == score_by_hand(one)
    told = rated.base + sum(factor.points for factor in (*rated.helps, *rated.hurts))
    assert rated.score == max(0, min(100, told)), "what helps and hurts adds up to it"
    assert len(rated.helps) + len(rated.hurts) + len(rated.idle) == len(RULES.document.rules)


@pytest.mark.parametrize(
    ("numbers", "points"),
    [
        ({"charges": 100, "chargebacks": 2}, 0),  # 2 % is not more than 2 %
        ({"charges": 1_000_000, "chargebacks": 20_001}, -15),
        ({"charges": 200, "chargebacks": 1}, 0),  # 0.5 % is not less than 0.5 %
        ({"charges": 201, "chargebacks": 1}, 5),
        ({"due": 20, "on_time": 19}, 0),  # 95 %
        ({"due": 10_000, "on_time": 9_501}, 10),
        ({"due": 5, "on_time": 4}, 0),  # 80 %
        ({"due": 10_000, "on_time": 7_999}, -10),
        ({"spans": (9, 11, 9, 11), "captured": 40}, 5),
        ({"captured": 100, "before": 100}, 0),
        ({"captured": 101, "before": 100}, 10),
        ({"captured": 99, "before": 100}, -5),
        ({}, 0),
    ],
)
def test_thresholds_on_their_edges(numbers: dict[str, Any], points: int) -> None:
    assert rate(RULES, facts_of(of(**numbers))).score == 50 + points


@pytest.mark.parametrize(("value", "points"), [(0.5, 0), (0.5000001, -10), (0.2, 0), (0.1999999, 5), (0.0, 5)])
def test_volatility_on_its_edges(value: float, points: int) -> None:
    assert score_of(RULES, {"revenue_volatility": value}) == 50 + points
    # Two spans whose deviation is exactly half and a fifth of their mean: 1 ± x has the deviation x√2.
    assert volatility([75_000, 125_000]) == pytest.approx(0.25 * 2**0.5)
    assert volatility([1, 1, 4, 6]) == pytest.approx(statistics.stdev([1, 1, 4, 6]) / 3)
    assert volatility([3, 5, 5, 7]) == pytest.approx((8 / 3) ** 0.5 / 5)
    assert volatility([4, 4, 6, 6]) is not None


@pytest.mark.parametrize(
    ("score", "tier"),
    [
        (0, "not_ready"),
        (40, "not_ready"),
        (41, "improving"),
        (70, "improving"),
        (71, "funding_ready"),
        (85, "funding_ready"),
        (86, "highly_attractive"),
        (100, "highly_attractive"),
    ],
)
def test_tiers(score: int, tier: str) -> None:
    assert tier_of(RULES, score) == tier


@FEW
@given(businesses())
def test_levers_bring_what_they_say_and_the_fewest_reach_the_next_tier(one: Figures) -> None:
    facts = facts_of(one)
    now = score_of(RULES, facts)
    found = levers(RULES, facts)
    for lever in found:
        assert lever.points > 0
        assert score_of(RULES, {**facts, lever.fact.name: lever.value}) == lever.score == now + lever.points
    lifted = lift(RULES, facts, found)
    following = next_tier(RULES, tier_of(RULES, now))
    if lifted is None or following is None:
        assert (lifted, following) == (None, None)
        return
    assert (lifted.tier, lifted.score_needed) == following

    def reaches(number: int) -> bool:
        return any(
            score_of(RULES, {**facts, **{lever.fact.name: lever.value for lever in some}}) >= following[1]
            for some in combinations(found, number)
        )

    if lifted.levers:
        assert lifted.score >= following[1]
        assert not any(reaches(number) for number in range(1, len(lifted.levers)))
    else:
        assert not any(reaches(number) for number in range(1, len(found) + 1))


def test_the_levers_of_a_business_in_trouble() -> None:
    facts = {"revenue_change": -5, "revenue_volatility": 0.8, "chargeback_percent": 3.0, "payout_on_time_percent": 70.0}
    assert score_of(RULES, facts) == 10
    told = {lever.fact.name: (lever.points, lever.words) for lever in levers(RULES, facts)}
    assert told == {
        "chargeback_percent": (20, "below 0.5 %"),
        "payout_on_time_percent": (20, "above 95 %"),
        "revenue_change": (15, "above 0"),
        "revenue_volatility": (15, "below 0.2"),
    }
    lifted = lift(RULES, facts, levers(RULES, facts))
    assert lifted is not None
    assert ({lever.fact.name for lever in lifted.levers}, lifted.score) == (
        {"chargeback_percent", "payout_on_time_percent"},
        50,
    )


@pytest.mark.parametrize(
    ("facts", "rule", "impact", "priority"),
    [
        ({"chargeback_percent": 2.5}, "reduce_chargebacks", 15, "high"),
        ({"revenue_volatility": 0.9}, "stabilise_revenue", 10, "medium"),
        ({"payout_on_time_percent": 60.0}, "improve_payouts", 10, "medium"),
        ({"revenue_change": -1}, "focus_on_core", 5, "medium"),
    ],
)
def test_advice_is_worth_what_its_problem_costs(facts: dict[str, Any], rule: str, impact: int, priority: str) -> None:
    seen = {**facts, READINESS_SCORE: score_of(RULES, facts)}
    assert rule in [fired.rule_id for fired in ADVICE.evaluate(seen).fired]
    when = next(one.when for one in ADVICE.document.rules if one.id == rule)
    assert gain(RULES, facts, when, CATALOGUE, READINESS_SCORE) == impact
    assert priority_of(ADVICE, impact) == priority


def test_priorities_on_their_edges() -> None:
    told = [priority_of(ADVICE, points) for points in (0, 4, 5, 10, 11)]
    assert told == ["low", "low", "medium", "medium", "high"]


def test_money_without_minor_units_stays_whole() -> None:
    assert facts_of(of(currency="JPY", charges=3, captured=1_000))["average_transaction_size"] == 333
    assert facts_of(of(currency="INR", charges=3, captured=1_000))["average_transaction_size"] == to_major(333, "INR")
