"""Notification: the moments at which help is offered without being asked for.

Source of every number and text: the support ordering document, module 10, as settled by the contract.
"""

from typing import Any

from pydantic import Field

from backend.rules.documents import Rule, RuleSetDocument, Wire
from backend.rules.facts import Catalogue
from backend.rules.kinds import Group, Kind
from backend.rules.shipped.ordering import BEHAVIOUR, PROFILE, Help, say_all_help

CATALOGUE = Catalogue("notification", *BEHAVIOUR, *PROFILE)


class NotificationSettings(Wire):
    """`suppress_seconds`: for how long a customer who dismissed a prompt is left alone."""

    suppress_seconds: int = Field(ge=0, le=366 * 86_400)


def _prompt(rule_id: str, label: str, when: dict[str, Any], text: str, prompt: str) -> Rule:
    then = {"action": "HELP_PROMPT", "prompt": prompt, "cause": rule_id}
    return Rule(id=rule_id, label=label, group="prompts", when=when, then=then, text=text)


SHIPPED = RuleSetDocument(
    kind="notification",
    groups={"prompts": "all"},
    settings={"suppressSeconds": 86_400},
    rules=[
        _prompt(
            "guest_count_idle",
            "Idle on guest count",
            {
                "all": [
                    {"fact": "screen", "op": "eq", "value": "guest_count"},
                    {"fact": "inactivity_seconds", "op": "gt", "value": 45},
                ]
            },
            "idle on guest count for {inactivity_seconds}",
            "Need help deciding portions?",
        ),
        _prompt(
            "platters_viewed",
            "Many platters viewed",
            {"fact": "platter_view_count", "op": "gt", "value": 3},
            "viewed {platter_view_count} platters",
            "Want expert recommendation?",
        ),
        _prompt(
            "many_customizations",
            "Many customisations",
            {"fact": "customization_count", "op": "gt", "value": 5},
            "made {customization_count} customisations",
            "Let us help customize",
        ),
        _prompt(
            "large_cart_checkout",
            "Large cart at checkout",
            {
                "all": [
                    {"fact": "screen", "op": "eq", "value": "checkout"},
                    {"fact": "cart_value", "op": "gt", "value": 25_000},
                ]
            },
            "at checkout with a cart of {cart_value}",
            "Talk to catering expert",
        ),
        _prompt(
            "payment_retries",
            "Payment retries",
            {"fact": "payment_failure_count", "op": "gt", "value": 1},
            "payment failed {payment_failure_count} times",
            "Need payment help?",
        ),
    ],
)

NOTIFICATION = Kind(
    name="notification",
    label="Notification",
    catalogue=CATALOGUE,
    groups={"prompts": Group("all", Help, "Prompts offered, the most welcome first.")},
    settings=NotificationSettings,
    shipped=SHIPPED,
    say=say_all_help,
)
