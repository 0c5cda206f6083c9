"""The facts of a customer who is ordering, and the help a rule may offer; shared by friction, notification, routing."""

import re
from typing import Any, Literal

from pydantic import Field

from backend.rules.documents import Wire
from backend.rules.facts import Fact
from backend.rules.tracing import cleaned

EVENT_TYPES = ("WEDDING", "CORPORATE", "RELIGIOUS")
SCREENS = ("guest_count", "menu_comparison", "customization", "checkout", "payment")

PROFILE = (
    Fact("tier", "choice", "tier", "The customer's tier.", choices=("GOLD", "SILVER", "BRONZE")),
    Fact("language", "text", "language", "The customer's language tag, such as en or hi."),
    Fact("past_order_count", "integer", "past orders", "Orders the customer placed before this one.", minimum=0),
    Fact("is_first_time_user", "boolean", "first-time user", "The customer never ordered before."),
    Fact("event_type", "text", "event type", "What the order is for, in capitals.", choices=EVENT_TYPES),
    Fact("guest_count", "integer", "guest count", "Guests the order is for.", minimum=0),
)

BEHAVIOUR = (
    Fact("screen", "text", "screen", "The screen the customer is on, as `screen_name` writes it.", choices=SCREENS),
    Fact("inactivity_seconds", "duration_seconds", "inactivity", "Since the customer's last action.", minimum=0),
    Fact("back_navigation_count", "integer", "back navigations", "Steps back on the flow at hand.", minimum=0),
    Fact("price_check_count", "integer", "price checks", "Uses of the price calculator on this flow.", minimum=0),
    Fact("quantity_change_count", "integer", "quantity changes", "Changes of a quantity on this flow.", minimum=0),
    Fact("payment_failure_count", "integer", "payment failures", "Failed payments on this flow.", minimum=0),
    Fact("menu_comparison_seconds", "duration_seconds", "menu comparison", "Time spent comparing menus.", minimum=0),
    Fact("platter_view_count", "integer", "platters viewed", "Platters looked at on this flow.", minimum=0),
    Fact("customization_count", "integer", "customisations", "Changes made while customising.", minimum=0),
    Fact("cart_value", "money_major", "cart value", "What the cart is worth now.", minimum=0),
    Fact("is_high_value_event", "boolean", "high-value event", "The caller says so, whatever the cart holds."),
)


class Help(Wire):
    """The `then` of a rule that offers help. A customer is prompted once a session for one `cause`."""

    action: Literal["HELP_PROMPT", "CALL_OPTION", "EXPERT_CONSULTATION"]
    prompt: str = Field(min_length=1, max_length=200)
    cause: str = Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")


def say_help(then: dict[str, Any]) -> str:
    """The `then` of a rule that offers help, in words."""
    return f"{then['action'].lower().replace('_', ' ')} “{cleaned(then['prompt'])}”"


def say_all_help(decision: Any) -> str:
    """One `then` that offers help, or the list of all that follow, in words."""
    if isinstance(decision, list):
        return ", ".join(map(say_help, decision)) or "no help"
    return say_help(decision)


def screen_name(text: str) -> str:
    """A screen as rules know it, from whatever an app calls it: `Guest count` and `guestCount` are `guest_count`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text[:100])
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")
