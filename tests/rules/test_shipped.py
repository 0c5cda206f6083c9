"""The shipped rule sets: every number on both sides, every text, every rule in words."""

from typing import Any

import pytest

from backend.rules.engine import Compiled
from backend.rules.shipped import ORDERING_KINDS
from backend.rules.shipped.escalation import ESCALATION
from backend.rules.shipped.friction import FRICTION, is_help_due
from backend.rules.shipped.notification import NOTIFICATION
from backend.rules.shipped.ordering import screen_name
from backend.rules.shipped.routing import ROUTING
from backend.rules.wording import describe

ESCALATION_RULES = ESCALATION.compile(ESCALATION.shipped, 0)
FRICTION_RULES = FRICTION.compile(FRICTION.shipped, 0)
NOTIFICATION_RULES = NOTIFICATION.compile(NOTIFICATION.shipped, 0)
ROUTING_RULES = ROUTING.compile(ROUTING.shipped, 0)


def fired(compiled: Compiled, group: str, **facts: Any) -> list[str]:
    return [firing.rule_id for firing in compiled.evaluate(facts, group=group).fired]


@pytest.mark.parametrize("kind", ORDERING_KINDS, ids=lambda kind: kind.name)
def test_shipped_documents_are_sound_and_survive_json(kind: Any) -> None:
    assert kind.check(kind.shipped) == []
    assert kind.read(kind.shipped.model_dump(mode="json", by_alias=True)) == kind.shipped


@pytest.mark.parametrize(
    ("fact", "at", "above", "rule", "points"),
    [
        ("inactivity_seconds", 60, 61, "inactive", 30),
        ("inactivity_seconds", 60.0, 60.001, "inactive", 30),
        ("back_navigation_count", 3, 4, "going_back", 25),
        ("price_check_count", 5, 6, "checking_prices", 20),
        ("cart_value", 24_999.99, 25_000, "high_value_event", 15),
        ("is_high_value_event", False, True, "high_value_event", 15),
        ("event_type", "BIRTHDAY", "RELIGIOUS", "high_value_event", 15),
        ("is_first_time_user", False, True, "first_time_user", 10),
    ],
)
def test_friction_points(fact: str, at: Any, above: Any, rule: str, points: int) -> None:
    below = at - 1 if isinstance(at, int | float) and not isinstance(at, bool) else at
    for value in (below, at):
        assert FRICTION_RULES.evaluate({fact: value}, group="score").result == 0
    verdict = FRICTION_RULES.evaluate({fact: above}, group="score")
    assert (verdict.result, [(f.rule_id, f.points) for f in verdict.fired]) == (points, [(rule, points)])


@pytest.mark.parametrize("event", ["WEDDING", "CORPORATE", "RELIGIOUS"])
def test_each_important_event_counts_once(event: str) -> None:
    facts = {"event_type": event, "cart_value": 90_000, "is_high_value_event": True}
    assert FRICTION_RULES.evaluate(facts, group="score").result == 15


def test_everything_at_once_is_a_hundred() -> None:
    facts = {
        "inactivity_seconds": 61,
        "back_navigation_count": 4,
        "price_check_count": 6,
        "event_type": "WEDDING",
        "is_first_time_user": True,
    }
    assert FRICTION_RULES.evaluate(facts, group="score").result == 100


def test_score_is_capped_by_the_setting() -> None:
    capped = FRICTION.shipped.model_copy(update={"settings": {"cap": 40, "helpAbove": 50}})
    compiled = FRICTION.compile(capped, 2)
    assert compiled.evaluate({"inactivity_seconds": 61, "back_navigation_count": 4}, group="score").result == 40


def test_help_is_due_above_fifty_not_at_fifty() -> None:
    fifty = {"inactivity_seconds": 61, "price_check_count": 6}
    more = {"inactivity_seconds": 61, "back_navigation_count": 4}
    at, above = (FRICTION_RULES.evaluate(facts, group="score") for facts in (fifty, more))
    assert (at.result, is_help_due(FRICTION_RULES, at)) == (50, False)
    assert (above.result, is_help_due(FRICTION_RULES, above)) == (55, True)


@pytest.mark.parametrize(
    ("facts", "fact", "at", "above", "then"),
    [
        ({"screen": "checkout"}, "inactivity_seconds", 60, 61, ("HELP_PROMPT", None, "checkout_inactivity")),
        ({}, "back_navigation_count", 3, 4, ("HELP_PROMPT", None, "back_loops")),
        ({}, "quantity_change_count", 5, 6, ("HELP_PROMPT", "Need help with quantities?", "quantity_changes")),
        ({}, "payment_failure_count", 2, 3, ("CALL_OPTION", None, "payment_failures")),
        ({}, "menu_comparison_seconds", 180, 181, ("HELP_PROMPT", "Compare packages", "menu_comparison")),
        ({}, "price_check_count", 5, 6, ("EXPERT_CONSULTATION", None, "price_calculator")),
    ],
)
def test_friction_signals(facts: dict[str, Any], fact: str, at: int, above: int, then: tuple[str, str, str]) -> None:
    for value in (at - 1, at):
        assert fired(FRICTION_RULES, "signals", **facts, **{fact: value}) == []
    (given,) = FRICTION_RULES.evaluate({**facts, fact: above}, group="signals").result
    action, prompt, cause = then
    assert (given["action"], given["cause"]) == (action, cause)
    assert given["prompt"] == prompt or (prompt is None and given["prompt"])


def test_idling_elsewhere_than_checkout_calls_for_no_help() -> None:
    assert fired(FRICTION_RULES, "signals", screen="menu_comparison", inactivity_seconds=600) == []
    assert fired(FRICTION_RULES, "signals", inactivity_seconds=600) == []


@pytest.mark.parametrize(
    ("facts", "fact", "at", "above", "prompt"),
    [
        ({"screen": "guest_count"}, "inactivity_seconds", 45, 46, "Need help deciding portions?"),
        ({}, "platter_view_count", 3, 4, "Want expert recommendation?"),
        ({}, "customization_count", 5, 6, "Let us help customize"),
        ({"screen": "checkout"}, "cart_value", 25_000, 25_000.01, "Talk to catering expert"),
        ({}, "payment_failure_count", 1, 2, "Need payment help?"),
    ],
)
def test_notification_prompts(facts: dict[str, Any], fact: str, at: Any, above: Any, prompt: str) -> None:
    for value in (at - 1, at):
        assert NOTIFICATION_RULES.evaluate({**facts, fact: value}).result == []
    assert [then["prompt"] for then in NOTIFICATION_RULES.evaluate({**facts, fact: above}).result] == [prompt]
    for screen in {"screen"} & set(facts):
        assert NOTIFICATION_RULES.evaluate({screen: "elsewhere", fact: above}).result == []


def test_a_dismissal_lasts_a_day() -> None:
    assert NOTIFICATION_RULES.settings["suppressSeconds"] == 24 * 3600


@pytest.mark.parametrize(
    ("facts", "channels", "seconds", "rule"),
    [
        ({"order_value": 0}, [], None, "self_serve"),
        ({"order_value": 4_999.99}, [], None, "self_serve"),
        ({"order_value": 5_000}, ["CHAT"], 600, "chat"),
        ({"order_value": 24_999.99}, ["CHAT"], 600, "chat"),
        ({"order_value": 25_000}, ["CHAT", "CALL"], None, "chat_and_call"),
        ({"order_value": 25_000.01}, ["CHAT", "CALL"], None, "chat_and_call"),
        ({}, [], None, "self_serve"),
        ({"order_value": None, "event_type": "BIRTHDAY"}, [], None, "self_serve"),
        ({"order_value": 1, "event_type": "WEDDING"}, ["CHAT", "CALL"], None, "important_event"),
        ({"order_value": 5_000, "event_type": "CORPORATE"}, ["CHAT", "CALL"], None, "important_event"),
        ({"event_type": "RELIGIOUS"}, ["CHAT", "CALL"], None, "important_event"),
        ({"order_value": 5_000, "event_type": "BIRTHDAY"}, ["CHAT"], 600, "chat"),
    ],
)
def test_routing(facts: dict[str, Any], channels: list[str], seconds: int | None, rule: str) -> None:
    verdict = ROUTING_RULES.evaluate(facts)
    escalation = None if seconds is None else {"afterSeconds": seconds}
    priority = {"self_serve": 4, "chat": 3, "chat_and_call": 2, "important_event": 2}[rule]
    assert verdict.result == {"channels": channels, "autoEscalation": escalation, "priority": priority}
    assert [firing.rule_id for firing in verdict.fired] == [rule]


@pytest.mark.parametrize(
    ("reason", "order_value", "level"),
    [
        ("HIGH_VALUE", 49_999.99, None),
        ("HIGH_VALUE", 50_000, None),
        ("HIGH_VALUE", 50_000.01, "SENIOR_AGENT"),
        ("HIGH_VALUE", None, None),
        ("SYSTEM_BUG", None, "TECH_TEAM"),
        ("POLICY_EXCEPTION", 50_000.01, "SUPERVISOR"),
        ("EMOTIONAL", 0, "SENIOR_AGENT"),
        ("UNRESOLVED", None, "SUPERVISOR"),
        ("BOREDOM", 90_000, None),
    ],
)
def test_escalation(reason: str, order_value: float | None, level: str | None) -> None:
    verdict = ESCALATION_RULES.evaluate({"reason": reason, "order_value": order_value})
    assert verdict.result == (None if level is None else {"level": level})
    assert [firing.rule_id for firing in verdict.fired] == ([] if level is None else [reason.lower()])


def test_what_is_unresolved_climbs_after_fifteen_minutes_to_the_top() -> None:
    settings = ESCALATION_RULES.settings
    assert (settings["unresolvedAfterSeconds"], settings["climbAfterSeconds"]) == (15 * 60, 15 * 60)
    assert settings["climbsTo"] == {"SENIOR_AGENT": "SUPERVISOR", "TECH_TEAM": "SUPERVISOR"}


def test_whatsapp_counts_as_chat() -> None:
    assert ROUTING_RULES.settings["aliases"]["WHATSAPP"] == "CHAT"


WORDS = {
    "inactive": "inactivity > 60 s",
    "going_back": "back navigations > 3",
    "checking_prices": "price checks > 5",
    "high_value_event": "event type is one of WEDDING, CORPORATE, RELIGIOUS or cart value >= 25,000 "
    "or high-value event",
    "first_time_user": "first-time user",
    "checkout_inactivity": "screen is checkout and inactivity > 60 s",
    "back_loops": "back navigations > 3",
    "quantity_changes": "quantity changes > 5",
    "payment_failures": "payment failures > 2",
    "menu_comparison": "menu comparison > 3 min",
    "price_calculator": "price checks > 5",
    "guest_count_idle": "screen is guest_count and inactivity > 45 s",
    "platters_viewed": "platters viewed > 3",
    "many_customizations": "customisations > 5",
    "large_cart_checkout": "screen is checkout and cart value > 25,000",
    "payment_retries": "payment failures > 1",
    "important_event": "event type is one of WEDDING, CORPORATE, RELIGIOUS",
    "self_serve": "order value is unknown or order value < 5,000",
    "chat": "order value < 25,000",
    "chat_and_call": "always",
    "high_value": "reason is HIGH_VALUE and order value > 50,000",
    "system_bug": "reason is SYSTEM_BUG",
    "policy_exception": "reason is POLICY_EXCEPTION",
    "emotional": "reason is EMOTIONAL",
    "unresolved": "reason is UNRESOLVED",
    "upsell": "action is UPSELL",
    "restart_journey": "action is RESTART_JOURNEY",
    "override_pricing": "action is OVERRIDE_PRICING",
    "off_system_promise": "action is OFF_SYSTEM_PROMISE",
    "custom_pricing": "action is CUSTOM_PRICING",
    "off_catalog_item": "action is OFF_CATALOG_ITEM",
    "manual_discount": "action is MANUAL_DISCOUNT_OVER_LIMIT",
    "pre_approved_discount": "action is APPLY_DISCOUNT and discount in all <= 10 % and discount in all <= 5,000",
    "discount_over_limit": "action is APPLY_DISCOUNT",
    "help": "action is one of CLARIFY_MENU, REASSURE, COMPARE_PACKAGES, HELP_COMPLETE_ORDER",
    "work": "action is one of MODIFY_ORDER, REASSIGN, ESCALATE, CLOSE_RESOLVED, CLOSE_DROPPED",
    "anything_else": "always",
    "gold_call": "tier is GOLD and channel is CALL",
    "gold_whatsapp": "tier is GOLD and channel is WHATSAPP",
    "gold_chat": "tier is GOLD",
    "silver_call": "tier is SILVER and channel is CALL",
    "silver_whatsapp": "tier is SILVER and channel is WHATSAPP",
    "silver_chat": "tier is SILVER",
    "other_call": "channel is CALL",
    "other_whatsapp": "channel is WHATSAPP",
    "other_chat": "always",
    "price_chat": "channel is IN_APP_CHAT",
    "price_whatsapp": "channel is WHATSAPP",
    "price_call": "channel is CALL",
    "payment": "issue category is one of PAYMENT, PAYMENT_FAILED, PAYMENT_ISSUE or signal is payment_failure",
    "price": "issue category is one of PRICING, PRICE_QUESTION, PRICE_SURPRISE or signal is price_check",
    "quantity": "issue category is one of QUANTITY, PORTIONS or signal is quantity_change",
    "menu": "issue category is one of MENU, MENU_QUESTION, COMPARE_PLATTERS or signal is menu_comparison",
    "lost": "signal is back_navigation",
    "delivery": "issue category is one of DELIVERY, DELIVERY_TIME, LATE_DELIVERY",
    "growing": "change >= 50 % and cases before >= 10",
    "repeated": "repeated",
    "recent": "hours since it was closed <= 168",
    "long_ago": "always",
    "sla_missed": "time past its deadline >= 0 s",
    "sla_soon": "time to its deadline >= 0 s and time to its deadline < 5 min",
    "sla_near": "time to its deadline >= 5 min and time to its deadline < 15 min",
    "first": "priority is 1",
    "second": "priority is 2",
    "third": "priority is 3",
    "waiting": "waiting >= 2 min and waiting < 5 min",
    "waiting_long": "waiting >= 5 min and waiting < 15 min",
    "waiting_longer": "waiting >= 15 min",
    "large_order": "order value > 50,000",
    "friction": "friction > 50",
    "churn": "churn risk >= 70",
    "escalated": "escalation is known",
    "speaks": "speaks the language",
    "foreign": "not speaks the language",
    "skilled": "skill is known",
    "was_mine": "was the agent's before",
    "knows_customer": "knows the customer",
    "no_login": "time since login > 14 d",
    "usage_down": "drop of usage > 50",
    "billing_viewed": "time since the billing page was viewed <= 7 d",
    "negative_support": "time since a bad contact with support <= 30 d",
    "payment_failed": "time since a payment failed <= 30 d",
    "in_trial": "status is trialing",
    "everybody_else": "always",
    "pause": "offer is PAUSE",
    "downgrade": "offer is DOWNGRADE",
    "discount": "offer is DISCOUNT",
    "trial": "offer is TRIAL_EXTENSION",
    "price_discount": "offer is DISCOUNT and reason is too_expensive",
    "price_plan": "offer is DOWNGRADE and reason is too_expensive",
    "unused_pause": "offer is PAUSE and reason is unused",
    "switched_discount": "offer is DISCOUNT and reason is switched_service",
    "quality_discount": (
        "offer is DISCOUNT and reason is one of missing_features, low_quality, too_complex, customer_service"
    ),
    "trial_first": "offer is TRIAL_EXTENSION and status is trialing",
    "deep_discount": "offer is DISCOUNT and discount > 25 %",
    "revenue_up": "change of revenue > 0",
    "revenue_down": "change of revenue < 0",
    "volatile": "volatility of revenue > 0.5",
    "steady": "volatility of revenue < 0.2",
    "chargebacks_high": "chargebacks > 2 %",
    "chargebacks_low": "chargebacks < 0.5 %",
    "payouts_reliable": "payouts on time > 95 %",
    "payouts_late": "payouts on time < 80 %",
    "reduce_chargebacks": "chargebacks > 2 %",
    "stabilise_revenue": "volatility of revenue > 0.5",
    "improve_payouts": "payouts on time < 80 %",
    "focus_on_core": "readiness score < 50",
    "danger": "severity is danger",
    "high_risk": "kind is one of RISK_CHANGED, CHURN_CROSSED and level is high and has risen",
    "unpaid": "kind is one of PAYMENT_FAILED",
    "failing": "kind is one of PLAYBOOK_FAILED, INTEGRATION_FAILING",
    "daily": "severity is warning and not (kind is one of RISK_CHANGED, CHURN_CROSSED and level is high and has risen)",
    "unread_danger": "severity is danger",
}


def test_every_shipped_rule_in_words() -> None:
    said = {rule.id: describe(rule.when, kind.catalogue) for kind in ORDERING_KINDS for rule in kind.shipped.rules}
    assert said == WORDS


def test_reasons_are_filled_with_what_was_seen() -> None:
    facts = {"inactivity_seconds": 75, "screen": "checkout", "cart_value": 30_000, "event_type": "WED\x1b[31mDING"}
    texts = [f.text for f in FRICTION_RULES.evaluate(facts, group="score").fired]
    assert texts == ["inactive for 75 s", "high-value event"]
    assert [f.text for f in NOTIFICATION_RULES.evaluate(facts).fired] == ["at checkout with a cart of 30,000"]
    assert ROUTING_RULES.evaluate({"order_value": 12_345.5}).fired[0].text == "order value 12,345.5: chat"
    assert ROUTING_RULES.evaluate({}).fired[0].text == "order value unknown: self-serve"


@pytest.mark.parametrize(
    "text", ["guest_count", "Guest count", "GUEST COUNT", "guestCount", "GuestCount", " guest-count "]
)
def test_screen_names_are_one(text: str) -> None:
    assert screen_name(text) == "guest_count"
