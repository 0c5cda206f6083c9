"""How deep a discount an agent may give by themselves: the cx rules say so, as they do for orders."""

from functools import partial
from math import prod
from typing import Any

from backend.billing.change_kinds import Fixed
from backend.billing.events import DiscountDenied
from backend.billing.models import Subscription
from backend.core.errors import Denied
from backend.core.money import to_major
from backend.customers.models import Customer
from backend.identity.permissions import ROLES
from backend.identity.service import currency_of
from backend.rules import service as rules
from backend.work import Work

_APPROVE_FROM = ROLES.index("supervisor")
_MONTHS = {"day": 1 / 30, "week": 7 / 30, "month": 1, "year": 12}
"""How long an interval is, for counting the invoices that a discount meets: as Stripe's own MRR does."""


def judge(work: Work, row: Subscription, given: Fixed, incidence_id: str | None) -> None:
    """Denied, and put on record, when the cx rules do not let who acts give this discount.

    The rule for APPLY_DISCOUNT is asked, with all that the subscription bills in those months as the order. What needs
    approval a supervisor may do at once. Cancel flows are not asked: what they offer, an admin wrote down.
    """
    if work.actor.kind != "member":
        return
    compiled = rules.current(work, "cx")
    fired = compiled.evaluate(_facts(work, row, given), trace=False).fired
    decision = fired[0].then["decision"] if fired else "blocked"
    reason = fired[0].text if fired else "no rule allows it"
    role = work.actor.role or ROLES[0]
    if decision == "allowed" or (decision == "approval" and ROLES.index(role) >= _APPROVE_FROM):
        return
    told = {"reason": reason, "rule": fired[0].rule_id if fired else "none", "ruleVersion": compiled.version}
    code, words = "ACTION_BLOCKED", f"This discount is blocked: {reason}."
    if decision == "approval":
        code, words = "APPROVAL_REQUIRED", f"This discount needs a supervisor: {reason}. A supervisor can give it."
    record = partial(_denied, row=row, data={**given, "decision": decision, **told}, incidence_id=incidence_id)
    raise Denied(words, code=code, record=record, **told)


def _facts(work: Work, row: Subscription, given: Fixed) -> dict[str, Any]:
    """What the rules see. Without amounts when it is billed in another currency than the limits are written in."""
    invoices = max(1, round(given["months"] / (_MONTHS[row.interval] * row.interval_count)))
    order = row.amount * invoices
    percents = [float(one["percentOff"]) for one in row.discounts if one.get("percentOff")]
    whole = 100 * (1 - prod(1 - percent / 100 for percent in [*percents, given["percent"]]))
    facts = {"action": "APPLY_DISCOUNT", "role": work.actor.role, "percent": given["percent"]}
    facts |= {"total_percent": round(whole, 4), "tier": work.session.get_one(Customer, row.customer_id).tier}
    if row.currency.upper() == currency_of(work).upper():
        facts |= {"order_value": float(to_major(order, row.currency))}
        facts |= {"amount": _share(order, given["percent"], row.currency)}
        facts |= {"total_amount": _share(order, whole, row.currency)}
    return facts


def _share(order: int, percent: float, currency: str) -> float:
    return float(to_major(round(order * percent / 100), currency))


def _denied(work: Work, row: Subscription, data: dict[str, Any], incidence_id: str | None) -> None:
    work.emit(
        DiscountDenied(subject_id=row.id, customer_id=row.customer_id, incidence_id=incidence_id, data=data),
    )
