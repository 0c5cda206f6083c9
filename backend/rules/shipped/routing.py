"""Routing: the channels by which a customer may reach a person.

Source: the support ordering document, module 4. At exactly 25,000 its table and its code differ; the code wins.
"""

from typing import Any, Literal

from pydantic import Field

from backend.rules.documents import Rule, RuleSetDocument, Wire
from backend.rules.facts import Catalogue, Fact
from backend.rules.kinds import Group, Kind
from backend.rules.shipped.ordering import PROFILE
from backend.rules.wording import duration_in_words

CATALOGUE = Catalogue(
    "routing",
    Fact(
        "order_value", "money_major", "order value", "What the order is worth; the cart's value before it.", minimum=0
    ),
    *PROFILE,
)


class AutoEscalation(Wire):
    """An unresolved case is handed up after this long."""

    after_seconds: int = Field(ge=0, le=30 * 86_400)


class Route(Wire):
    """The channels offered, none of them meaning self-serve. Whoever writes by another way is answered all the same.

    `priority` is where the case starts in the queue, 1 (first) to 4.
    """

    channels: list[Literal["CHAT", "CALL"]]
    auto_escalation: AutoEscalation | None
    priority: int = Field(ge=1, le=4)


class RoutingSettings(Wire):
    """`aliases`: the routed channel that each other channel name counts as. `closes_when_ordered`: whether a case from
    before the order is over, as converted, when the order is placed; it is, in documents from before this was asked.
    """

    aliases: dict[str, Literal["CHAT", "CALL"]]
    closes_when_ordered: bool = True


def say(route: Any) -> str:
    """A route in words: `chat and call, priority 2`."""
    if route is None:
        return "no channel, as no rule holds"
    channels = " and ".join(channel.lower() for channel in route["channels"]) or "self-serve"
    escalation = route["autoEscalation"]
    after = "" if escalation is None else f", handed up after {duration_in_words(escalation['afterSeconds'])}"
    return f"{channels}{after}, priority {route['priority']}"


def _route(
    rule_id: str, label: str, when: dict[str, Any], channels: list[str], seconds: int | None, priority: int, text: str
) -> Rule:
    escalation = None if seconds is None else {"afterSeconds": seconds}
    then = {"channels": channels, "autoEscalation": escalation, "priority": priority}
    return Rule(id=rule_id, label=label, group="channels", when=when, then=then, text=text)


SHIPPED = RuleSetDocument(
    kind="routing",
    groups={"channels": "first"},
    settings={"aliases": {"IN_APP_CHAT": "CHAT", "WHATSAPP": "CHAT"}, "closesWhenOrdered": True},
    rules=[
        _route(
            "important_event",
            "Important event",
            {"fact": "event_type", "op": "in", "value": ["WEDDING", "CORPORATE", "RELIGIOUS"]},
            ["CHAT", "CALL"],
            None,
            2,
            "{event_type} event: chat and call whatever the value",
        ),
        _route(
            "self_serve",
            "Small order",
            {
                "any": [
                    {"fact": "order_value", "op": "exists", "value": False},
                    {"fact": "order_value", "op": "lt", "value": 5_000},
                ]
            },
            [],
            None,
            4,
            "order value {order_value}: self-serve",
        ),
        _route(
            "chat",
            "Medium order",
            {"fact": "order_value", "op": "lt", "value": 25_000},
            ["CHAT"],
            600,
            3,
            "order value {order_value}: chat",
        ),
        _route(
            "chat_and_call",
            "Large order",
            {"all": []},
            ["CHAT", "CALL"],
            None,
            2,
            "order value {order_value}: chat and call",
        ),
    ],
)

ROUTING = Kind(
    name="routing",
    label="Channel routing",
    catalogue=CATALOGUE,
    groups={"channels": Group("first", Route, "The channels a customer may use; the first rule that holds decides.")},
    settings=RoutingSettings,
    shipped=SHIPPED,
    say=say,
)
