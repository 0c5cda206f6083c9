"""Escalation: to whom a case is handed up, and when it climbs by itself.

Source: the support ordering document, module 5. A case that has been open for the whole fifteenth minute is one that
is unresolved for more than 15 minutes: the timer acts at that second.
"""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from backend.rules.documents import Rule, RuleSetDocument, Wire
from backend.rules.facts import Catalogue, Fact
from backend.rules.kinds import Group, Kind

Level = Literal["SENIOR_AGENT", "TECH_TEAM", "SUPERVISOR"]
LEVELS: tuple[Level, ...] = ("SENIOR_AGENT", "TECH_TEAM", "SUPERVISOR")
REASONS = ("HIGH_VALUE", "SYSTEM_BUG", "POLICY_EXCEPTION", "EMOTIONAL", "UNRESOLVED")

CATALOGUE = Catalogue(
    "escalation",
    Fact("reason", "choice", "reason", "Why it is handed up; UNRESOLVED when its time is up.", choices=REASONS),
    Fact("order_value", "money_major", "order value", "What the order is worth, when that is known.", minimum=0),
    Fact("minutes_open", "number", "minutes open", "Since the case was opened.", minimum=0),
    Fact("event_type", "text", "event type", "What the order is for, in capitals."),
    Fact("priority", "integer", "priority", "Its place in the queue, 1 (first) to 4.", minimum=1),
)


class Raise(Wire):
    """The `then` of a rule: the level that the case is handed to."""

    level: Level


class EscalationSettings(Wire):
    """When a case climbs by itself, and how.

    `ladder` has every level, the lowest first. `climbs_to` says where an escalation goes that nobody at a level has
    acknowledged for `climb_after_seconds`; a level that is not in it is the end. `unresolved_after_seconds` is how long
    a case may be open before it is escalated as UNRESOLVED. `takers` has the role from which on a level may be taken.
    """

    unresolved_after_seconds: int = Field(ge=1, le=30 * 86_400)
    climb_after_seconds: int = Field(ge=1, le=30 * 86_400)
    ladder: list[Level]
    climbs_to: dict[Level, Level]
    takers: dict[Level, Literal["supervisor", "admin", "owner"]]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if sorted(self.ladder) != sorted(LEVELS):
            raise ValueError(f"the ladder must have each of {', '.join(LEVELS)} once")
        if set(self.takers) != set(LEVELS):
            raise ValueError(f"takers must say a role for each of {', '.join(LEVELS)}")
        for below, above in self.climbs_to.items():
            if self.ladder.index(above) <= self.ladder.index(below):
                raise ValueError(f"{below} cannot climb to {above}, which does not stand above it on the ladder")
        return self


def _raise(rule_id: str, label: str, when: dict[str, Any], level: Level, text: str) -> Rule:
    return Rule(id=rule_id, label=label, group="level", when=when, then={"level": level}, text=text)


def _because(reason: str) -> dict[str, Any]:
    return {"fact": "reason", "op": "eq", "value": reason}


SHIPPED = RuleSetDocument(
    kind="escalation",
    groups={"level": "first"},
    settings={
        "unresolvedAfterSeconds": 900,
        "climbAfterSeconds": 900,
        "ladder": list(LEVELS),
        "climbsTo": {"SENIOR_AGENT": "SUPERVISOR", "TECH_TEAM": "SUPERVISOR"},
        "takers": dict.fromkeys(LEVELS, "supervisor"),
    },
    rules=[
        _raise(
            "high_value",
            "High-value order",
            {"all": [_because("HIGH_VALUE"), {"fact": "order_value", "op": "gt", "value": 50_000}]},
            "SENIOR_AGENT",
            "order value {order_value}",
        ),
        _raise("system_bug", "System bug", _because("SYSTEM_BUG"), "TECH_TEAM", "system bug reported"),
        _raise(
            "policy_exception",
            "Policy exception",
            _because("POLICY_EXCEPTION"),
            "SUPERVISOR",
            "policy exception requested",
        ),
        _raise(
            "emotional",
            "Emotional or critical",
            _because("EMOTIONAL"),
            "SENIOR_AGENT",
            "emotional or critical situation",
        ),
        _raise("unresolved", "Unresolved", _because("UNRESOLVED"), "SUPERVISOR", "unresolved"),
    ],
)

ESCALATION = Kind(
    name="escalation",
    label="Escalation",
    catalogue=CATALOGUE,
    groups={"level": Group("first", Raise, "Who a case is handed to; the first rule that holds decides.")},
    settings=EscalationSettings,
    shipped=SHIPPED,
)
