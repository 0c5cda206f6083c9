"""Friction: how hard a customer finds the order, as a score, and the single signals that call for help by themselves.

Source of every number: the support ordering document, module 3, as settled by the contract.
"""

from typing import Any

from pydantic import Field

from backend.rules.documents import Rule, RuleSetDocument, Wire
from backend.rules.engine import Compiled, Verdict
from backend.rules.facts import Catalogue
from backend.rules.kinds import Group, Kind, Points
from backend.rules.shipped.ordering import BEHAVIOUR, PROFILE, Help, say_all_help, say_help

CATALOGUE = Catalogue("friction", *BEHAVIOUR, *PROFILE)


class FrictionSettings(Wire):
    """`cap`: the highest score. `help_above`: help is offered when the score is above this, not at it."""

    cap: int = Field(ge=1, le=1000)
    help_above: int = Field(ge=0, le=1000)


def is_help_due(compiled: Compiled, verdict: Verdict) -> bool:
    """Whether a friction score is high enough for help."""
    return bool(verdict.result > compiled.settings["helpAbove"])


def decide(compiled: Compiled, verdict: Verdict) -> Any:
    """For a dry run: a score matters by whether it triggers help, a signal by the help it offers."""
    if verdict.group == "score":
        return {"score": verdict.result, "triggered": is_help_due(compiled, verdict)}
    return verdict.result


def say(decision: Any) -> str:
    """The points of a rule, the help of a signal, or whether a score calls for help, in words."""
    if isinstance(decision, list):
        return say_all_help(decision)
    if "points" in decision:
        return f"{decision['points']:+} points"
    if "triggered" in decision:
        return "help for the score" if decision["triggered"] else "no help for the score"
    return say_help(decision)


def _scored(rule_id: str, label: str, points: int, when: dict[str, Any], text: str) -> Rule:
    return Rule(id=rule_id, label=label, group="score", when=when, then={"points": points}, text=text)


def _signal(rule_id: str, label: str, when: dict[str, Any], text: str, *, action: str, prompt: str) -> Rule:
    then = {"action": action, "prompt": prompt, "cause": rule_id}
    return Rule(id=rule_id, label=label, group="signals", when=when, then=then, text=text)


SHIPPED = RuleSetDocument(
    kind="friction",
    groups={"score": "sum", "signals": "all"},
    settings={"cap": 100, "helpAbove": 50},
    rules=[
        _scored(
            "inactive",
            "Inactive",
            30,
            {"fact": "inactivity_seconds", "op": "gt", "value": 60},
            "inactive for {inactivity_seconds}",
        ),
        _scored(
            "going_back",
            "Going back and forth",
            25,
            {"fact": "back_navigation_count", "op": "gt", "value": 3},
            "went back {back_navigation_count} times on one flow",
        ),
        _scored(
            "checking_prices",
            "Checking prices",
            20,
            {"fact": "price_check_count", "op": "gt", "value": 5},
            "checked the price {price_check_count} times",
        ),
        _scored(
            "high_value_event",
            "High-value event",
            15,
            {
                "any": [
                    {"fact": "event_type", "op": "in", "value": ["WEDDING", "CORPORATE", "RELIGIOUS"]},
                    {"fact": "cart_value", "op": "ge", "value": 25_000},
                    {"fact": "is_high_value_event", "op": "eq", "value": True},
                ]
            },
            "high-value event",
        ),
        _scored(
            "first_time_user",
            "First-time user",
            10,
            {"fact": "is_first_time_user", "op": "eq", "value": True},
            "first-time user",
        ),
        _signal(
            "checkout_inactivity",
            "Inactive on checkout",
            {
                "all": [
                    {"fact": "screen", "op": "eq", "value": "checkout"},
                    {"fact": "inactivity_seconds", "op": "gt", "value": 60},
                ]
            },
            "inactive on checkout for {inactivity_seconds}",
            action="HELP_PROMPT",
            prompt="Need help finishing your order?",
        ),
        _signal(
            "back_loops",
            "Back navigation loops",
            {"fact": "back_navigation_count", "op": "gt", "value": 3},
            "went back {back_navigation_count} times on one flow",
            action="HELP_PROMPT",
            prompt="Need help finding something?",
        ),
        _signal(
            "quantity_changes",
            "Quantity changes",
            {"fact": "quantity_change_count", "op": "gt", "value": 5},
            "changed quantities {quantity_change_count} times",
            action="HELP_PROMPT",
            prompt="Need help with quantities?",
        ),
        _signal(
            "payment_failures",
            "Payment failures",
            {"fact": "payment_failure_count", "op": "gt", "value": 2},
            "payment failed {payment_failure_count} times",
            action="CALL_OPTION",
            prompt="Payment is not going through. Shall we call you?",
        ),
        _signal(
            "menu_comparison",
            "Long menu comparison",
            {"fact": "menu_comparison_seconds", "op": "gt", "value": 180},
            "compared menus for {menu_comparison_seconds}",
            action="HELP_PROMPT",
            prompt="Compare packages",
        ),
        _signal(
            "price_calculator",
            "Price calculator",
            {"fact": "price_check_count", "op": "gt", "value": 5},
            "used the price calculator {price_check_count} times",
            action="EXPERT_CONSULTATION",
            prompt="Would you like to talk it over with an expert?",
        ),
    ],
)

FRICTION = Kind(
    name="friction",
    label="Friction",
    catalogue=CATALOGUE,
    groups={
        "score": Group("sum", Points, "Points that add up to the friction score."),
        "signals": Group("all", Help, "Signals that each call for help by themselves."),
    },
    settings=FrictionSettings,
    shipped=SHIPPED,
    decide=decide,
    say=say,
)
