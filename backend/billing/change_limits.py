"""How much an agent may give by themselves: the cx rules say so. Deeper discounts and longer trials are a supervisor's."""

from functools import partial
from math import prod
from typing import Any

from backend.billing.change_words import words_of
from backend.billing.events import ChangeDenied
from backend.billing.models import Subscription
from backend.core.errors import Denied
from backend.core.money import to_major
from backend.customers.models import Customer
from backend.identity.permissions import ROLES
from backend.identity.service import currency_of
from backend.rules import service as rules
from backend.rules.shipped.cx import CxSettings
from backend.work import Work

_DEFAULT = ("allowed", "part of the work", "none")
_NO_RULE = ("blocked", "no rule allows it", "none")
_APPROVE_FROM = ROLES.index("supervisor")
Fixed = dict[str, Any]
"""Parameters as they are kept."""
_MONTHS = {"day": 1 / 30, "week": 7 / 30, "month": 1, "year": 12}
"""How long an interval is, for counting the invoices that a discount meets: as Stripe's own MRR does."""


def judge(work: Work, row: Subscription, kind: str, given: Fixed, incidence_id: str | None) -> None:
    """Denied, and put on record, when the cx rules do not let the acting member give this discount or these free days.

    For a discount the rule for APPLY_DISCOUNT is asked, with all that the subscription bills in those months as the
    order; for days there is the setting `trialAtMostDays`. What needs approval a supervisor may do at once.
    """
    compiled = rules.current(work, "cx")
    verdict = _DEFAULT
    if kind == "DISCOUNT":
        fired = compiled.evaluate(_facts(work, row, given), trace=False).fired
        verdict = (fired[0].then["decision"], fired[0].text, fired[0].rule_id) if fired else _NO_RULE
    elif kind == "TRIAL_EXTENSION" and given["days"] > (most := limits(work).trial_at_most_days):
        verdict = ("approval", f"{given['days']} free days; the limit is {most}", "trialAtMostDays")
    decision, reason, rule = verdict
    role = work.actor.role or ROLES[0]
    if decision == "allowed" or (decision == "approval" and ROLES.index(role) >= _APPROVE_FROM):
        return
    what = words_of(kind, given)
    told = {"reason": reason, "rule": rule, "ruleVersion": compiled.version}
    code, words = "ACTION_BLOCKED", f"It is blocked ({what}): {reason}."
    if decision == "approval":
        code, words = "APPROVAL_REQUIRED", f"It needs a supervisor ({what}): {reason}. A supervisor can do it."
    data = {"kind": kind, "params": given, "words": what, "decision": decision, **told}
    raise Denied(words, code=code, record=partial(_denied, row=row, data=data, incidence_id=incidence_id), **told)


def limits(work: Work) -> CxSettings:
    """The limits in force that are numbers and not rules."""
    return CxSettings.model_validate(rules.current(work, "cx").settings)


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
    work.emit(ChangeDenied(subject_id=row.id, customer_id=row.customer_id, incidence_id=incidence_id, data=data))
