"""Assignment: which case is best for which agent, how much one can have, and what becomes of work whose agent is gone.

The points of all rules that hold are added; the case with the most goes to the agent who asks. Times are what remains or
has passed at that moment, so that the same case is worth more the longer it waits.
"""

from typing import Any, Literal

from pydantic import Field

from backend.rules.documents import Rule, RuleSetDocument, Wire
from backend.rules.facts import Catalogue, Fact
from backend.rules.kinds import Group, Kind, Points
from backend.rules.shipped.escalation import LEVELS

Role = Literal["agent", "supervisor", "admin", "owner"]
_DAY = 86_400

CATALOGUE = Catalogue(
    "assignment",
    Fact("sla_seconds", "duration_seconds", "time to its deadline", "Negative when it has passed."),
    Fact("overdue_seconds", "duration_seconds", "time past its deadline", "Once it has passed.", minimum=0),
    Fact("sla_target", "text", "deadline", "What is due then, such as first response."),
    Fact("waiting_seconds", "duration_seconds", "waiting", "How long the customer waits for us.", minimum=0),
    Fact("priority", "integer", "priority", "Its place in the queue, 1 (first) to 4.", minimum=1),
    Fact("order_value", "money_major", "order value", "What the order is worth, when that is known.", minimum=0),
    Fact("friction_score", "integer", "friction", "How hard the customer finds the order.", minimum=0),
    Fact("churn_score", "integer", "churn risk", "Of 100, when it is known.", minimum=0),
    Fact("language", "text", "language", "The customer's language tag, such as en or ta."),
    Fact("speaks_language", "boolean", "speaks the language", "Unknown while nobody said what the agent speaks."),
    Fact("skill", "text", "skill", "What the case needs that the agent knows, such as wedding or payments."),
    Fact("escalation_level", "choice", "escalation", "Of an escalation that is not over.", choices=LEVELS),
    Fact("was_mine", "boolean", "was the agent's before", "Offered again after the agent was gone, say."),
    Fact("knows_customer", "boolean", "knows the customer", "The agent had a case of this customer before."),
)


class AssignmentSettings(Wire):
    """How work is shared out.

    `capacity` has the cases that each role can have open at a time, unless a member has a number of their own. Who has
    no console connected for `offline_after_seconds` is offline; the cases in which a customer waits for somebody away
    or offline are offered to others after `grace_seconds`. `is_automatic`: what nobody has goes to members of
    `automatic_roles` who are online and have room, without being asked for. `agents_may_reassign`: agents may pass on
    or give back what is theirs. `refuses_unavailable`: nobody may be assigned a case while away, offline or at capacity.
    `candidates` bounds how many cases are compared, each by place in the queue and by deadline.
    """

    capacity: dict[Role, int]
    offline_after_seconds: int = Field(ge=0, le=_DAY)
    grace_seconds: int = Field(ge=0, le=30 * _DAY)
    is_automatic: bool
    automatic_roles: list[Role]
    agents_may_reassign: bool
    refuses_unavailable: bool
    candidates: int = Field(ge=1, le=500)


def _scored(rule_id: str, label: str, points: int, when: dict[str, Any], text: str) -> Rule:
    return Rule(id=rule_id, label=label, group="score", when=when, then={"points": points}, text=text)


def _is(fact: str, op: str, value: Any) -> dict[str, Any]:
    return {"fact": fact, "op": op, "value": value}


def _from(fact: str, least: int, below: int) -> dict[str, Any]:
    return {"all": [_is(fact, "ge", least), _is(fact, "lt", below)]}


_WAITING = "waiting for {waiting_seconds}"
_DUE = "SLA {sla_target} in {sla_seconds}"

SHIPPED = RuleSetDocument(
    kind="assignment",
    groups={"score": "sum"},
    settings={
        "capacity": {"agent": 12, "supervisor": 8, "admin": 8, "owner": 8},
        "offlineAfterSeconds": 20,
        "graceSeconds": 300,
        "isAutomatic": False,
        "automaticRoles": ["agent"],
        "agentsMayReassign": True,
        "refusesUnavailable": False,
        "candidates": 50,
    },
    rules=[
        _scored("sla_missed", "SLA missed", 60, _is("overdue_seconds", "ge", 0), "SLA {sla_target} missed {overdue_seconds} ago"),
        _scored("sla_soon", "SLA within 5 min", 45, _from("sla_seconds", 0, 300), _DUE),
        _scored("sla_near", "SLA within 15 min", 20, _from("sla_seconds", 300, 900), _DUE),
        _scored("first", "Priority 1", 40, _is("priority", "eq", 1), "priority 1"),
        _scored("second", "Priority 2", 25, _is("priority", "eq", 2), "priority 2"),
        _scored("third", "Priority 3", 10, _is("priority", "eq", 3), "priority 3"),
        _scored("waiting", "Waiting 2 to 5 min", 5, _from("waiting_seconds", 120, 300), _WAITING),
        _scored("waiting_long", "Waiting 5 to 15 min", 15, _from("waiting_seconds", 300, 900), _WAITING),
        _scored("waiting_longer", "Waiting 15 min or more", 30, _is("waiting_seconds", "ge", 900), _WAITING),
        _scored("large_order", "Large order", 15, _is("order_value", "gt", 50_000), "order value {order_value}"),
        _scored("friction", "High friction", 15, _is("friction_score", "gt", 50), "friction {friction_score}"),
        _scored("churn", "High churn risk", 20, _is("churn_score", "ge", 70), "churn risk {churn_score}"),
        _scored("escalated", "Escalated", 30, _is("escalation_level", "exists", True), "escalated to {escalation_level}"),
        _scored("speaks", "Speaks the language", 20, _is("speaks_language", "eq", True), "you speak {language}"),
        _scored("foreign", "Does not speak it", -20, _is("speaks_language", "eq", False), "you do not speak {language}"),
        _scored("skilled", "Knows the subject", 15, _is("skill", "exists", True), "you know {skill}"),
        _scored("was_mine", "Was the agent's", 25, _is("was_mine", "eq", True), "it was yours before"),
        _scored("knows_customer", "Knows the customer", 10, _is("knows_customer", "eq", True), "you know the customer"),
    ],
)  # fmt: skip

ASSIGNMENT = Kind(
    name="assignment",
    label="Assignment",
    catalogue=CATALOGUE,
    groups={"score": Group("sum", Points, "What a case is worth to an agent; the points of all that hold are added.")},
    settings=AssignmentSettings,
    shipped=SHIPPED,
)
