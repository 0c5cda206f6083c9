"""May it be done? An action with its parameters on a case, the facts the cx rules see, and what they say."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from backend.agent import params
from backend.agent.orders import Order, order_of
from backend.agent.params import Params
from backend.agent.schemas import ActionType
from backend.core.errors import Unprocessable
from backend.customers.models import Customer
from backend.events.event import Actor
from backend.incidences.models import Incidence
from backend.rules import service as rules
from backend.rules.engine import Compiled
from backend.rules.service import KINDS
from backend.rules.shipped.cx import ACTIONS
from backend.rules.wording import describe
from backend.work import Work

KIND = "cx"
DISCOUNTS = ("APPLY_DISCOUNT", "MANUAL_DISCOUNT_OVER_LIMIT")
_LEAST = 1
"""Minor unit: whether there is room for a discount at all is asked with the least there is."""


@dataclass(frozen=True)
class Ask:
    """An action that somebody wants done to a case. `amount` is that of a discount, in minor units."""

    action: ActionType
    params: Params
    order: Order
    facts: Mapping[str, Any]
    amount: int | None = None


@dataclass(frozen=True)
class Judgement:
    """What the rules in force say of an ask, and why."""

    decision: str
    reason: str
    rule: str
    version: int
    when: str

    @property
    def told(self) -> dict[str, Any]:
        """For events and refusals."""
        return {"reason": self.reason, "rule": self.rule, "ruleVersion": self.version}


def asked(work: Work, row: Incidence, action: ActionType, given: Params, by: Actor) -> Ask:
    """The ask with its facts, as things are now. Unprocessable when it cannot be: a discount above the order."""
    order = order_of(work, row)
    amount = _discount(row, order, given) if action in DISCOUNTS else None
    new_value = getattr(given, "order_value", None)
    facts = _facts(work, row, order, by) | {"action": action} | _of_discount(order, amount)
    facts["new_value"] = None if new_value is None else float(new_value)
    return Ask(action, given, order, facts, amount)


def _discount(row: Incidence, order: Order, given: Params) -> int | None:
    assert isinstance(given, params.DiscountParams | params.ManualDiscountParams)
    percent, amount = given.percent, given.amount
    if percent is None and amount is None:
        return None  # a discount by hand may be asked for without a figure
    if not order.value:
        raise Unprocessable(
            f"What the order of INC-{row.number} is worth is not known. Note its value first.",
            code="ORDER_VALUE_UNKNOWN",
            field="params",
        )
    wanted = order.minor(amount) if amount is not None else order.part(percent or Decimal(0))
    if wanted < 1:
        raise Unprocessable("That comes to nothing.", code="DISCOUNT_TOO_SMALL", field="params")
    left = order.value - order.discounted
    if wanted > left:
        raise Unprocessable(
            f"The order is worth {order.major(order.value):,}, and {order.major(left):,} of it is left: "
            f"a discount of {order.major(wanted):,} is more than that.",
            code="DISCOUNT_ABOVE_ORDER",
            field="params",
        )
    return wanted


def _of_discount(order: Order, amount: int | None) -> dict[str, Any]:
    if amount is None:
        return {}
    whole = order.discounted + amount
    return {
        "amount": float(order.major(amount)),
        "percent": order.share(amount),
        "total_amount": float(order.major(whole)),
        "total_percent": order.share(whole),
    }


def _facts(work: Work, row: Incidence, order: Order, by: Actor) -> dict[str, Any]:
    customer = work.session.get_one(Customer, row.customer_id)
    return {
        "order_value": None if order.value is None else float(order.major(order.value)),
        "tier": customer.tier,
        "stage": row.stage,
        "event_type": row.event_type.upper() if row.event_type else None,
        "category": row.issue_category,
        "priority": row.priority,
        "role": by.role,
        "is_own": row.agent_id == by.id,
    }


def judge(compiled: Compiled, facts: Mapping[str, Any]) -> Judgement:
    """What the cx rules say of these facts. What no rule speaks of is blocked."""
    fired = compiled.evaluate(facts, trace=False).fired
    if not fired:
        return Judgement("blocked", "no rule allows it", "none", compiled.version, "")
    (first,) = fired
    when = _condition(compiled, first.rule_id)
    return Judgement(first.then["decision"], first.text, first.rule_id, compiled.version, when)


@lru_cache(maxsize=512)
def _condition(compiled: Compiled, rule_id: str) -> str:
    """The condition of a rule in words; a version never changes, and every dashboard tells seventeen of them."""
    rule = next(rule for rule in compiled.document.rules if rule.id == rule_id)
    return describe(rule.when, KINDS[KIND].catalogue)


def verdicts_of(work: Work, row: Incidence, order: Order) -> list[dict[str, Any]]:
    """Every action with what the rules say of it now, for who looks, before a key is pressed: ActionVerdict data."""
    compiled = rules.current(work, KIND)
    facts = _facts(work, row, order, work.actor)
    return [_verdict(row, compiled, order, facts, action) for action in ACTIONS]


def _verdict(row: Incidence, compiled: Compiled, order: Order, facts: Mapping[str, Any], action: Any) -> dict[str, Any]:
    of_action = {"action": action} | (_of_discount(order, _LEAST) if action in DISCOUNTS and order.value else {})
    found = judge(compiled, {**facts, **of_action})
    why_not = _why_not(row, order, action, found)
    return {
        "type": action,
        "allowed": found.decision == "allowed" and not why_not,
        "needsApproval": found.decision == "approval" and not why_not,
        "reason": why_not or found.reason,
        "rule": found.rule,
        "ruleVersion": found.version,
        "when": found.when,
        "params": params.told_of(action),
    }


def _why_not(row: Incidence, order: Order, action: str, found: Judgement) -> str:
    """Why an action cannot be done at all now, whatever the rules say; empty when it can."""
    if row.status == "CLOSED":
        return f"INC-{row.number} is closed; reopen it first"
    if action == "APPLY_DISCOUNT" and found.decision != "blocked":
        if not order.value:
            return "what the order is worth is not known; note its value first"
        if order.discounted >= order.value:
            return "nothing of the order is left to take off"
    return ""
