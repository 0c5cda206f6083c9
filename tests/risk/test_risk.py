"""The score of a customer: the five factors at their bounds, in words, kept, told of, and brought up to date."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from backend.client.transport import ApiError
from backend.risk import jobs
from backend.rules.schemas import Draft, Publish
from backend.rules.shipped.risk import RISK, level_of
from tests.risk.conftest import Growth, Told

COMPILED = RISK.compile(RISK.shipped, 1)
DAY = 86_400


@pytest.mark.parametrize(
    ("fact", "without", "with_it", "rule", "points"),
    [
        ("since_login_seconds", 14 * DAY, 14 * DAY + 1, "no_login", 30),
        ("usage_drop_percent", 50.0, 50.1, "usage_down", 25),
        ("since_billing_view_seconds", 7 * DAY + 1, 7 * DAY, "billing_viewed", 20),
        ("since_negative_contact_seconds", 30 * DAY + 1, 30 * DAY, "negative_support", 15),
        ("since_payment_failure_seconds", 30 * DAY + 1, 30 * DAY, "payment_failed", 40),
    ],
)
def test_each_factor_at_its_bound(fact: str, without: Any, with_it: Any, rule: str, points: int) -> None:
    for quiet in ({fact: without}, {}):
        assert COMPILED.evaluate(quiet).result == 0
    verdict = COMPILED.evaluate({fact: with_it})
    assert (verdict.result, [one.rule_id for one in verdict.fired]) == (points, [rule])


def test_levels_are_where_the_settings_say() -> None:
    assert [level_of(COMPILED, score) for score in (0, 39, 40, 69, 70, 100)] == ["low", "low", "medium", "medium", "high", "high"]  # fmt: skip
    wrong = RISK.shipped.model_copy(update={"settings": {**RISK.shipped.settings, "medium": 70}})
    assert [problem.path for problem in RISK.check(wrong)] == ["settings"]


async def test_the_sample_of_the_source(growth: Growth) -> None:
    await growth.tell_ago("cust_123", "login", 14.1)
    await growth.tell_ago("cust_123", "feature_used", 20, 9)
    await growth.tell_ago("cust_123", "feature_used", 2, 3)
    await growth.tell_ago("cust_123", "billing_page_view", 6)
    body = await growth.owner.transport.call("GET", "/api/customers/cust_123/risk")
    wanted = {
        "score": 75,
        "level": "high",
        "factors": ["No login for 14 days", "Usage dropped 60%", "Viewed billing page recently"],
        "suggestedAction": "Send re-engagement email",
        "ruleVersion": 1,
        "calculatedAt": "2026-03-02T09:00:00.000000Z",
    }
    assert {name: body[name] for name in wanted} == wanted


async def test_everything_at_once_is_a_hundred_and_tells_each_level_once(growth: Growth) -> None:
    await growth.tell_ago("asha", "login", 20)
    assert (await growth.risk("asha")).score == 55  # the sign-in was the only use, and there was none since
    await growth.tell_ago("asha", "payment_failed", 1)
    for _ in range(3):
        await growth.tell_ago("asha", "support_contact", 1, rating=1)
    await growth.tell_ago("asha", "billing_page_view", 1, 2)
    risk = await growth.risk("asha")
    assert (risk.score, risk.level) == (100, "high")
    assert [one.points for one in risk.reasons] == [40, 30, 20, 15]
    assert risk.suggested_action == "Ask for another way to pay"
    assert [one.score for one in risk.history] == [100, 100, 95, 55]
    page = await growth.owner.customers.timeline("asha", limit=50)
    told = [(entry.data or {})["level"] for entry in page.items if entry.type == "risk.changed"]
    assert told == [["medium", "high"], ["low", "medium"]]
    state = next(entry for entry in page.items if entry.type == "risk.changed")
    assert state.customer_id == risk.customer_id


async def test_a_login_takes_the_risk_back_at_once(growth: Growth) -> None:
    await growth.tell("asha", Told("login", timedelta(days=15)), Told("payment_failed", timedelta(days=1)))
    assert (await growth.owner.customers.show("asha")).risk.score == 95  # type: ignore[union-attr]
    await growth.tell_ago("asha", "login", 0)
    shown = await growth.owner.customers.show("asha")
    assert shown.risk is not None
    assert (shown.risk.score, shown.risk.level) == (40, "medium")


async def test_time_alone_changes_scores_and_the_daily_batch_says_so(growth: Growth) -> None:
    for number in range(3):
        await growth.tell_ago(f"user-{number}", "login", 0)
        await growth.tell_ago(f"user-{number}", "payment_failed", 16)
    assert [one.risk.score for one in (await growth.owner.customers.list()).items if one.risk] == [40, 40, 40]
    units = await growth.backend.units()
    growth.backend.clock.advance(days=14, seconds=1)

    async def rate_daily() -> None:
        await jobs._rate_everybody(units)  # type: ignore[arg-type]

    await asyncio.gather(rate_daily(), rate_daily())  # two processes at once tell nothing twice
    assert [one.risk.level for one in (await growth.owner.customers.list()).items if one.risk] == ["medium"] * 3
    assert [one.score for one in (await growth.risk("user-0")).history] == [55, 40, 0]
    growth.backend.clock.advance(days=1)
    await rate_daily()
    assert [one.score for one in (await growth.risk("user-0")).history] == [55, 40, 0]  # words changed, and no more
    growth.backend.clock.advance(days=13)
    looked_at = await growth.risk("user-1")
    assert looked_at.score == 30  # nothing was used in four weeks, nor did a payment fail
    assert (await growth.owner.customers.show("user-1")).risk.score == 30  # type: ignore[union-attr]
    page = await growth.owner.customers.timeline("user-0", limit=50)
    assert [(entry.data or {})["score"] for entry in page.items if entry.type == "risk.changed"] == [[0, 40]]


async def test_customers_by_risk_page_by_page(growth: Growth) -> None:
    await growth.tell_ago("quiet", "feature_used", 1)
    for number in range(5):
        await growth.tell_ago(f"failing-{number}", "payment_failed", 1)
    await growth.tell_ago("worst", "payment_failed", 1)
    await growth.tell_ago("worst", "billing_page_view", 1)
    seen, cursor = [], None
    while True:
        page = await growth.owner.customers.list(sort="risk", limit=2, cursor=cursor)
        seen += [(one.user_id, one.risk.score if one.risk else None) for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen[0] == ("worst", 60)
    assert seen[-1] == ("quiet", None)
    assert sorted(name for name, _ in seen[1:-1]) == [f"failing-{number}" for number in range(5)]
    by_name = await growth.owner.customers.list(limit=1)
    with pytest.raises(ApiError, match="cursor"):
        await growth.owner.customers.list(sort="risk", cursor=by_name.next_cursor)


async def test_other_rules_are_tried_on_customers_and_rate_them_anew(growth: Growth) -> None:
    await growth.tell_ago("asha", "payment_failed", 1)
    await growth.tell_ago("ravi", "billing_page_view", 1)
    rules = await growth.owner.rules.show("risk")
    changed = [
        {**rule, "then": {**rule["then"], "points": 75}} if rule["id"] == "billing_viewed" else rule
        for rule in rules["rules"]
    ]
    tried = await growth.owner.rules.dry_run("risk", Draft(rules=changed, days=7))
    assert (tried["cases"], tried["changed"]) == (2, 1)
    await growth.owner.rules.publish("risk", Publish(version=1, rules=changed, reason="They leave after that."))
    await growth.backend.drain()
    page = await growth.owner.customers.list(sort="risk")
    assert [(one.user_id, one.risk.score) for one in page.items if one.risk] == [("ravi", 75), ("asha", 40)]
    assert [one.rule_version for one in (await growth.risk("ravi")).history] == [2, 1]


async def test_erased_customers_have_no_risk_and_businesses_keep_apart(growth: Growth) -> None:
    await growth.tell_ago("asha", "payment_failed", 1)
    other = await growth.backend.another_owner()
    with pytest.raises(ApiError, match="no customer"):
        await other.customers.risk("asha")
    await growth.owner.customers.erase("asha")
    with pytest.raises(ApiError, match="no customer"):
        await growth.risk("asha")
    assert (await growth.owner.customers.list(sort="risk")).items == []
    await growth.tell_ago("asha", "feature_used", 1)
    assert (await growth.risk("asha")).history == []
