"""Cost: what service is priced at, and when an order counts as placed with help. All of it is the business's to say.

Source: the support ordering document, module 7 (cost per assisted order). The prices are only a start.
"""

from typing import Any

from pydantic import Field

from backend.rules.documents import Rule, RuleSetDocument, Wire
from backend.rules.facts import Catalogue, Fact
from backend.rules.kinds import Group, Kind

CATALOGUE = Catalogue(
    "cost",
    Fact("channel", "choice", "channel", "Of the case.", choices=("IN_APP_CHAT", "CALL", "WHATSAPP")),
)
_MOST = 1e9


class Price(Wire):
    """The `then` of a rule: major units for one contact, and for one minute of handling it, beside the agent's time."""

    per_contact: float = Field(ge=0, le=_MOST)
    per_minute: float = Field(ge=0, le=_MOST)


class CostSettings(Wire):
    """`agent_hour` is what an agent's hour costs, in major units. Of the time between two things that happen on a case,
    an agent is thought to be at it for at most `idle_after_seconds`. An order counts as placed with help when a case
    of the customer had got help and was open within `assisted_within_seconds` before it."""

    agent_hour: float = Field(ge=0, le=_MOST)
    idle_after_seconds: int = Field(ge=1, le=86_400)
    assisted_within_seconds: int = Field(ge=0, le=90 * 86_400)


def _price(id: str, label: str, channel: str, per_contact: float, per_minute: float) -> Rule:
    when: dict[str, Any] = {"fact": "channel", "op": "eq", "value": channel}
    return Rule(
        id=id,
        label=label,
        group="contact",
        when=when,
        then={"perContact": per_contact, "perMinute": per_minute},
    )


COST = Kind(
    name="cost",
    label="Cost",
    catalogue=CATALOGUE,
    groups={"contact": Group("first", Price, "What a contact costs beside the agent's time; the first that holds.")},
    settings=CostSettings,
    shipped=RuleSetDocument(
        kind="cost",
        groups={"contact": "first"},
        settings={"agentHour": 360, "idleAfterSeconds": 300, "assistedWithinSeconds": 86_400},
        rules=[
            _price("price_chat", "Chat in the app", "IN_APP_CHAT", 2, 0),
            _price("price_whatsapp", "WhatsApp", "WHATSAPP", 3, 0),
            _price("price_call", "Call", "CALL", 5, 1.5),
        ],
    ),
)
