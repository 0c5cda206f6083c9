"""CX: what an agent may do, what nobody may, and what a supervisor has to agree to.

Source: the support ordering document, modules 6 and 9. Its list of blocked things and its code meet on items that are
not in the catalogue: OFF_CATALOG_ITEM is the code's name, so it needs approval, and without one it is not done.
What no other rule speaks of is blocked.
"""

from typing import Any, Literal

from pydantic import Field

from backend.rules.documents import Rule, RuleSetDocument, Wire
from backend.rules.facts import Catalogue, Fact
from backend.rules.kinds import Group, Kind
from backend.rules.shipped.ordering import EVENT_TYPES

Decision = Literal["allowed", "blocked", "approval"]
DASHBOARD = ("APPLY_DISCOUNT", "MODIFY_ORDER", "REASSIGN", "ESCALATE", "CLOSE_RESOLVED", "CLOSE_DROPPED")
HELP = ("CLARIFY_MENU", "REASSURE", "COMPARE_PACKAGES", "HELP_COMPLETE_ORDER")
APPROVED = ("CUSTOM_PRICING", "OFF_CATALOG_ITEM", "MANUAL_DISCOUNT_OVER_LIMIT")
BLOCKED = ("UPSELL", "RESTART_JOURNEY", "OVERRIDE_PRICING", "OFF_SYSTEM_PROMISE")
ACTIONS = (*DASHBOARD, *HELP, *APPROVED, *BLOCKED)

CATALOGUE = Catalogue(
    "cx",
    Fact("action", "choice", "action", "What the agent wants to do.", choices=ACTIONS),
    Fact("amount", "money_major", "discount", "What this discount comes to.", minimum=0),
    Fact("percent", "number", "discount", "What this discount comes to, of the order's value.", unit="%", minimum=0),
    Fact("total_amount", "money_major", "discount in all", "With the order's earlier discounts.", minimum=0),
    Fact("total_percent", "number", "discount in all", "The same, of the order's value.", unit="%", minimum=0),
    Fact("order_value", "money_major", "order value", "What the order is worth, when that is known.", minimum=0),
    Fact("new_value", "money_major", "new order value", "What the order is to be worth from now on.", minimum=0),
    Fact("tier", "choice", "tier", "The customer's tier.", choices=("GOLD", "SILVER", "BRONZE")),
    Fact("stage", "choice", "stage", "Before the order or after it.", choices=("PRE_ORDER", "POST_ORDER")),
    Fact("event_type", "text", "event type", "What the order is for, in capitals.", choices=EVENT_TYPES),
    Fact("category", "text", "category", "What the case is about, as somebody noted it."),
    Fact("priority", "integer", "priority", "Its place in the queue, 1 (first) to 4.", minimum=1),
    Fact("role", "choice", "role", "Who asks.", choices=("agent", "supervisor", "admin", "owner")),
    Fact("is_own", "boolean", "the agent's own case", "Whoever asks has the case."),
)


class Judgement(Wire):
    """The `then` of a rule: may it be done?"""

    decision: Decision


class CxSettings(Wire):
    """`approval_expires_after_seconds`: how long a supervisor has to decide what needs approval.

    `pause_at_most_months`: how long a subscription may be paused. `trial_at_most_days`: how many free days an agent may
    give without a supervisor. Both have defaults, for sets that were published before they were.
    """

    approval_expires_after_seconds: int = Field(ge=1, le=30 * 86_400)
    pause_at_most_months: int = Field(3, ge=1, le=24)
    trial_at_most_days: int = Field(30, ge=0, le=730)


def say(judgement: Any) -> str:
    """A judgement in words."""
    if judgement is None:
        return "blocked, as no rule holds"
    decision = str(judgement["decision"])
    return "needs a supervisor's approval" if decision == "approval" else decision


def _is(*actions: str) -> dict[str, Any]:
    if len(actions) == 1:
        return {"fact": "action", "op": "eq", "value": actions[0]}
    return {"fact": "action", "op": "in", "value": list(actions)}


def _rule(rule_id: str, label: str, when: dict[str, Any], decision: Decision, text: str) -> Rule:
    return Rule(id=rule_id, label=label, group="actions", when=when, then={"decision": decision}, text=text)


SHIPPED = RuleSetDocument(
    kind="cx",
    groups={"actions": "first"},
    settings={"approvalExpiresAfterSeconds": 900, "pauseAtMostMonths": 3, "trialAtMostDays": 30},
    rules=[
        _rule("upsell", "Upselling", _is("UPSELL"), "blocked", "nothing is pushed on a customer"),
        _rule(
            "restart_journey",
            "Starting over",
            _is("RESTART_JOURNEY"),
            "blocked",
            "the customer goes on from where they are",
        ),
        _rule(
            "override_pricing", "Overriding prices", _is("OVERRIDE_PRICING"), "blocked", "prices are those of the app"
        ),
        _rule(
            "off_system_promise",
            "Promises off the system",
            _is("OFF_SYSTEM_PROMISE"),
            "blocked",
            "no promise that the system cannot keep",
        ),
        _rule(
            "custom_pricing", "A price of its own", _is("CUSTOM_PRICING"), "approval", "a price that the app has not"
        ),
        _rule(
            "off_catalog_item",
            "Not in the catalogue",
            _is("OFF_CATALOG_ITEM"),
            "approval",
            "an item that the catalogue has not",
        ),
        _rule(
            "manual_discount",
            "Discount by hand",
            _is("MANUAL_DISCOUNT_OVER_LIMIT"),
            "approval",
            "beyond what is pre-approved",
        ),
        _rule(
            "pre_approved_discount",
            "Pre-approved discount",
            {
                "all": [
                    _is("APPLY_DISCOUNT"),
                    {"fact": "total_percent", "op": "le", "value": 10},
                    {"fact": "total_amount", "op": "le", "value": 5_000},
                ]
            },
            "allowed",
            "pre-approved up to 10 % of the order and 5,000 in all",
        ),
        _rule(
            "discount_over_limit",
            "Discount over the limit",
            _is("APPLY_DISCOUNT"),
            "approval",
            "{total_percent} of the order, {total_amount} in all; the limit is 10 % and 5,000",
        ),
        _rule("help", "Helping", _is(*HELP), "allowed", "this is what we are here for"),
        _rule("work", "Working on the case", _is(*DASHBOARD[1:]), "allowed", "part of working on a case"),
        _rule("anything_else", "Anything else", {"all": []}, "blocked", "no rule allows it"),
    ],
)

CX = Kind(
    name="cx",
    label="Agent actions",
    catalogue=CATALOGUE,
    groups={"actions": Group("first", Judgement, "Whether an agent may do it; the first rule that holds decides.")},
    settings=CxSettings,
    shipped=SHIPPED,
    say=say,
)
