"""What a customer may be offered: no history whatever lets a limit be broken."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.retention.eligibility import Given, History, Wish, refusal
from backend.retention.holdout import group_of, share_at
from backend.rules.shipped.flow import FLOW, OFFERS

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LIMITS = FLOW.shipped.settings
PLAIN = History(NOW, "TREATED", "active", "month")
DISCOUNT = Wish("DISCOUNT", percent=20, months=3, cost=600)
PAUSE = Wish("PAUSE", months=2)
DOWNGRADE = Wish("DOWNGRADE")
TRIAL = Wish("TRIAL_EXTENSION")


def ago(days: float, kind: str = "DISCOUNT") -> Given:
    return Given(kind, NOW - timedelta(days=days))


@pytest.mark.parametrize(
    ("wish", "history", "limit"),
    [
        (DISCOUNT, PLAIN, None),
        (DISCOUNT, replace(PLAIN, group="HOLDOUT"), "HOLDOUT"),
        (DOWNGRADE, replace(PLAIN, is_disputed=True), "DISPUTED"),
        (DOWNGRADE, replace(PLAIN, has_unpaid_invoice=True), "UNPAID"),
        (PAUSE, replace(PLAIN, status="past_due"), "STATUS"),
        (PAUSE, replace(PLAIN, is_ending=True), "ENDING"),
        (PAUSE, replace(PLAIN, is_paused=True), "ALREADY_PAUSED"),
        (PAUSE, replace(PLAIN, interval="year"), "ANNUAL_PAUSE"),
        (replace(PAUSE, months=3), PLAIN, None),
        (replace(PAUSE, months=4), PLAIN, "TOO_LONG"),
        (TRIAL, PLAIN, "NOT_IN_TRIAL"),
        (TRIAL, replace(PLAIN, status="trialing"), None),
        (TRIAL, replace(PLAIN, status="trialing", is_scheduled=True), "SCHEDULED"),
        (replace(DOWNGRADE, is_possible=False), PLAIN, "NO_CHEAPER_PLAN"),
        (DISCOUNT, replace(PLAIN, running_discount=True), "RUNNING_DISCOUNT"),
        (replace(DISCOUNT, percent=30), PLAIN, None),
        (replace(DISCOUNT, percent=30.01), PLAIN, "TOO_DEEP"),
        (replace(DISCOUNT, months=7), PLAIN, "TOO_LONG"),
        (DISCOUNT, replace(PLAIN, given=(ago(179.9),)), "COOL_DOWN"),
        (DISCOUNT, replace(PLAIN, given=(ago(180),)), "MAX_DISCOUNTS"),
        (DISCOUNT, replace(PLAIN, given=(ago(364.9),)), "MAX_DISCOUNTS"),
        (DISCOUNT, replace(PLAIN, given=(ago(365),)), None),
        (PAUSE, replace(PLAIN, given=(ago(1),)), None),
        (PAUSE, replace(PLAIN, given=(ago(1, "PAUSE"),)), None),
        (PAUSE, replace(PLAIN, given=(ago(1, "PAUSE"), ago(300, "PAUSE"))), "MAX_PAUSES"),
        (PAUSE, replace(PLAIN, given=(ago(1, "PAUSE"), ago(365, "PAUSE"))), None),
        (TRIAL, replace(PLAIN, status="trialing", given=(ago(10),)), "COOL_DOWN"),
        (TRIAL, replace(PLAIN, status="trialing", given=(ago(364.9, "TRIAL_EXTENSION"),)), "MAX_TRIAL_EXTENSIONS"),
        (TRIAL, replace(PLAIN, status="trialing", given=(ago(365, "TRIAL_EXTENSION"),)), None),
        (PAUSE, replace(PLAIN, interval_count=2), None),
        (PAUSE, replace(PLAIN, interval_count=3), "ANNUAL_PAUSE"),
        (PAUSE, replace(PLAIN, interval="week", interval_count=4), None),
        (replace(DISCOUNT, is_possible=False), PLAIN, "NO_INVOICE"),
        (DISCOUNT, replace(PLAIN, is_foreign=True), "BUDGET"),
        (DISCOUNT, replace(PLAIN, given_away=400), None),
        (DISCOUNT, replace(PLAIN, given_away=401), "BUDGET"),
    ],
)
def test_each_limit_on_both_sides(wish: Wish, history: History, limit: str | None) -> None:
    found = refusal(wish, history, LIMITS, 1_000)
    assert (found and found.limit) == limit
    assert found is None or len(found.why) > 10


@pytest.mark.parametrize(("percent", "limit"), [(60, None), (60.01, "MARGIN"), (100, "MARGIN")])
def test_the_margin_that_has_to_be_left(percent: float, limit: str | None) -> None:
    """At 60 % off, 0.4 is paid, serving costs 0.3: a quarter of what is paid is left, which is the floor."""
    found = refusal(replace(DISCOUNT, percent=percent), PLAIN, LIMITS | {"maxDiscountPercent": 100}, None)
    assert (found and found.limit) == limit


CHOICES = st.tuples(st.sampled_from(OFFERS), st.integers(1, 100), st.integers(1, 12), st.floats(0, 60))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(CHOICES, max_size=40),
    st.sampled_from(["active", "trialing", "past_due", "unpaid"]),
    st.sampled_from(["month", "year"]),
    st.sampled_from(["TREATED", "HOLDOUT"]),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 30_000),
)
def test_no_life_of_a_customer_breaks_a_limit(
    wishes: list[Any], status: str, interval: str, group: str, discounts: int, pauses: int, budget: int
) -> None:
    """Whatever is asked for over months, in any order: what was taken stays within every limit."""
    limits = LIMITS | {"maxDiscounts": discounts, "maxPauses": pauses, "limitDays": 100, "cooldownDays": 40}
    now, taken, given_away = NOW, [], 0
    for kind, percent, months, days in wishes:
        now += timedelta(days=days)
        cost = percent * months * 10 if kind == "DISCOUNT" else 0
        history = History(now, group, status, interval, given=tuple(taken), given_away=given_away)
        history = History.of_json(history.as_json())
        if refusal(Wish(kind, percent=percent, months=months, cost=cost), history, limits, budget) is None:
            assert (group, status) in {("TREATED", "active"), ("TREATED", "trialing")}
            assert kind != "PAUSE" or (interval == "month" and months <= 3)
            assert kind != "TRIAL_EXTENSION" or status == "trialing"
            assert kind != "DISCOUNT" or (percent <= 30 and months <= 6)
            taken.append(Given(kind, now))
            given_away += cost
    assert given_away <= budget
    for kind, most in (("DISCOUNT", discounts), ("PAUSE", pauses), ("TRIAL_EXTENSION", 1)):
        at = [one.at for one in taken if one.offer_type == kind]
        assert all(sum(start <= other < start + timedelta(days=100) for other in at) <= most for start in at)
    gifts = [one for one in taken if one.offer_type in ("DISCOUNT", "TRIAL_EXTENSION")]
    for first in (one for one in gifts if one.offer_type == "DISCOUNT"):
        assert not any(first.at < later.at < first.at + timedelta(days=40) for later in gifts)


def test_the_draw_is_even_sticky_and_grows_with_the_share() -> None:
    customers = [f"customer-{number}" for number in range(10_000)]
    small, large = ({one for one in customers if group_of("b", one, "s", share) == "HOLDOUT"} for share in (0.05, 0.2))
    assert small < large
    assert 430 < len(small) < 570
    assert 1_880 < len(large) < 2_120
    other = {one for one in customers if group_of("b", one, "t", 0.2) == "HOLDOUT"}
    assert 320 < len(large & other) < 480  # another salt is another draw
    assert group_of("b", "x", "s", 0.0) == "TREATED"


@pytest.mark.parametrize(("runs", "share"), [(0, 0.2), (699, 0.2), (700, 0.1), (4_999, 0.1), (9**9, 0.05)])
def test_the_share_falls_as_runs_add_up(runs: int, share: float) -> None:
    assert share_at(LIMITS["holdout"], runs) == share
