"""What each change needs in order to make sense, and its parameters with all that is relative in them fixed.

Raises Unprocessable: what is wrong in a sentence, and what to do. Nothing is asked of Stripe here.
"""

from calendar import monthrange
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from backend.billing import change_schemas as s
from backend.billing import repository
from backend.billing.change_limits import Fixed, limits
from backend.billing.models import Plan, Subscription
from backend.core.clock import instant
from backend.core.errors import Unprocessable
from backend.core.money import to_major
from backend.work import Work

PREVIEW_HOLDS = timedelta(minutes=10)
CLOCKS_DIFFER = timedelta(minutes=1)
TRIAL_AT_MOST = timedelta(days=730)
"""Stripe takes no trial that ends later than two years from now."""
_ENDED = ("canceled", "incomplete_expired")
_LIVE = ("active", "trialing", "past_due", "unpaid")
_WHEN_DISPUTED = ("RESUME", "CANCEL", "KEEP")
"""Nobody who disputes what they paid is offered more; ending it, or leaving it as it is, makes no dispute worse."""


def fixed(work: Work, row: Subscription, kind: s.Kind, params: s.Params) -> Fixed:
    """The parameters as they are kept with the change. Unprocessable when it makes no sense for this subscription."""
    if row.gone_at is not None or row.former_account is not None:
        raise _no("Stripe has it no more: there is nothing to change.", "SUBSCRIPTION_GONE")
    account = repository.account(work.session, work.business_id)
    if account is not None and account.disconnected_at is not None:
        raise _no("The Stripe account is disconnected. Connect it first.", "STRIPE_NOT_CONNECTED")
    if row.status in _ENDED:
        raise _no("It has ended. A new subscription is needed.", "SUBSCRIPTION_ENDED")
    if kind != "CANCEL" and row.status not in _LIVE:
        words = {"incomplete": "Its first payment is still open", "paused": "Its service is paused at Stripe"}
        raise _no(f"{words.get(row.status, row.status)}: it can only be cancelled from here.", "NOT_RUNNING")
    if row.is_disputed and kind not in _WHEN_DISPUTED:
        raise _no("A payment of it is disputed. Settle the dispute first.", "SUBSCRIPTION_DISPUTED")
    return _FIXED[kind](work, row, params)


def _pause(work: Work, row: Subscription, params: Any) -> Fixed:
    if row.paused_behavior is not None:
        already = f" until {_day(row.resumes_at)}" if row.resumes_at else ""
        raise _no(f"Its billing is paused already{already}. Resume it first.", "ALREADY_PAUSED")
    if row.cancel_at_period_end or row.cancel_at:
        raise _ends(row)
    until = params.resumes_at or months_later(work.now, params.months).replace(microsecond=0)
    most = limits(work).pause_at_most_months
    if until > months_later(work.now, most) + CLOCKS_DIFFER:
        raise _no(f"A pause is {most} months at most; an admin may allow more in the cx rules.", "PAUSE_TOO_LONG")
    if until <= work.now + timedelta(hours=1):
        raise _no("It would be over within the hour. Choose a later day.", "PAUSE_TOO_SHORT")
    return {"months": params.months, "resumesAt": instant(until)}


def _resume(_work: Work, row: Subscription, _params: Any) -> Fixed:
    if row.paused_behavior is None:
        raise _no("Its billing is not paused: there is nothing to resume.", "NOT_PAUSED")
    return {}


def _downgrade(work: Work, row: Subscription, params: Any) -> Fixed:
    plan = plan_of(work, params.plan_id)
    known = work.session.get(Plan, row.plan_id) if row.plan_id else None
    if known is None or known.amount * row.quantity != row.amount:
        raise _no("It bills several things at once, or by use. Change its plan at Stripe.", "SEVERAL_ITEMS")
    if row.cancel_at_period_end or row.cancel_at:
        raise _ends(row)
    if plan.id == row.plan_id:
        raise _no(f"It is on {plan.name} already.", "SAME_PLAN")
    if params.when == "period_end" and plan.id == row.scheduled_plan_id:
        raise _no(f"It moves to {plan.name} on {_day(row.scheduled_at)} already.", "SAME_PLAN")
    if not plan.is_active:
        raise _no(f"{plan.name} is not sold any more. Choose another plan.", "PLAN_INACTIVE")
    if plan.currency.upper() != row.currency.upper():
        raise _no(
            f"{plan.name} is billed in {plan.currency.upper()}, this in {row.currency.upper()}.", "OTHER_CURRENCY"
        )
    if (plan.interval, plan.interval_count) != (row.interval, row.interval_count):
        every, this = _every(plan.interval, plan.interval_count), _every(row.interval, row.interval_count)
        raise _no(f"{plan.name} is billed every {every}, this every {this}. Choose one alike.", "OTHER_INTERVAL")
    if plan.amount * row.quantity >= row.amount:
        price, now = to_major(plan.amount * row.quantity, row.currency), to_major(row.amount, row.currency)
        raise _no(f"{plan.name} costs {price:,}, not less than the {now:,} now: that is no downgrade.", "NOT_CHEAPER")
    told = {"planId": plan.id, "planName": plan.name, "stripePriceId": plan.stripe_price_id, "when": params.when}
    told |= {"fromPlanId": row.plan_id, "interval": row.interval, "intervalCount": row.interval_count}
    if params.when == "now":
        told["prorationDate"] = instant(_previewed(work, params.proration_date))
    return told


def _previewed(work: Work, at: datetime | None) -> datetime:
    if at is None:
        words = (
            "A downgrade at once gives back what is left of the period. Preview it first, and send its prorationDate."
        )
        raise _no(words, "PREVIEW_NEEDED")
    if not work.now - PREVIEW_HOLDS <= at <= work.now + CLOCKS_DIFFER:
        raise _no("The preview is older than ten minutes. Preview it again, for its amounts change.", "PREVIEW_STALE")
    return at


def _discount(work: Work, row: Subscription, params: Any) -> Fixed:
    if row.cancel_at_period_end or row.cancel_at:
        raise _ends(row)
    _unscheduled(row)
    until = months_later(work.now, params.months)
    billed = max(filter(None, (row.current_period_end, row.resumes_at)), default=None)
    if billed is not None and billed > until:
        words = f"Its next invoice is due on {_day(billed)}: in {params.months} months nothing would be discounted."
        raise _no(words, "DISCOUNT_WITHOUT_INVOICE")
    return {"percent": params.model_dump(mode="json")["percent"], "months": params.months}


def _trial(work: Work, row: Subscription, params: Any) -> Fixed:
    _unscheduled(row)
    if row.paused_behavior is not None:
        raise _no("Its billing is paused: nothing is billed as it is. Resume it first.", "ALREADY_PAUSED")
    if row.status != "trialing" and not params.on_paid:
        words = "It is not in a trial. Free days would move its billing dates; send onPaid to have that."
        raise _no(words, "NOT_IN_TRIAL")
    if row.status != "trialing" and row.has_unpaid_invoice:
        raise _no("An invoice of it is unpaid. Have it paid first.", "UNPAID_INVOICE")
    begins = row.trial_end if row.status == "trialing" and row.trial_end else row.current_period_end
    ends = (max(begins or work.now, work.now) + timedelta(days=params.days)).replace(microsecond=0)
    if ends > work.now + TRIAL_AT_MOST:
        raise _no("A trial ends within two years from now at the latest. Give fewer days.", "TRIAL_TOO_LONG")
    return {"days": params.days, "trialEnd": instant(ends), "onPaid": params.on_paid}


def _cancel(_work: Work, row: Subscription, params: Any) -> Fixed:
    if params.when == "period_end":
        if row.cancel_at_period_end or row.cancel_at:
            raise _no(f"It ends on {_day(_end_of(row))} already.", "ALREADY_ENDING")
        if row.status not in _LIVE:
            raise _no("It is not running: cancel it now instead.", "NOT_RUNNING")
    return params.model_dump(mode="json", by_alias=True)  # type: ignore[no-any-return]


def _keep(_work: Work, row: Subscription, _params: Any) -> Fixed:
    if not (row.cancel_at_period_end or row.cancel_at or row.stripe_schedule_id):
        raise _no("Nothing is to happen to it: it goes on as it is.", "NOTHING_TO_UNDO")
    return {}


_FIXED: dict[s.Kind, Callable[[Work, Subscription, Any], Fixed]] = {
    "PAUSE": _pause,
    "RESUME": _resume,
    "DOWNGRADE": _downgrade,
    "DISCOUNT": _discount,
    "TRIAL_EXTENSION": _trial,
    "CANCEL": _cancel,
    "KEEP": _keep,
}


def plan_of(work: Work, id: str) -> Plan:
    """The plan with that id, ours or Stripe's price. NotFound otherwise."""
    found = work.session.scalars(select(Plan).where(Plan.stripe_price_id == id)).first()
    return found or work.get(Plan, id, "plan")


def months_later(at: datetime, months: int) -> datetime:
    """The same day so many calendar months later, or the last of that month when it has no such day."""
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    return at.replace(year=year, month=month + 1, day=min(at.day, monthrange(year, month + 1)[1]))


def _unscheduled(row: Subscription) -> None:
    """A schedule brings its own discounts and trial with each phase: what is set beside it would be lost."""
    if row.stripe_schedule_id is not None:
        words = "It is to move to another plan by a schedule, which would undo this. Keep it as it is first."
        raise _no(words, "SCHEDULED")


def _ends(row: Subscription) -> Unprocessable:
    return _no(f"It ends on {_day(_end_of(row))}. Keep it first, then change it.", "SUBSCRIPTION_ENDING")


def _end_of(row: Subscription) -> datetime | None:
    return row.cancel_at or row.current_period_end


def _every(interval: str, count: int) -> str:
    return interval if count == 1 else f"{count} {interval}s"


def _day(at: datetime | None) -> str:
    return f"{at:%-d %B %Y}" if at else "a day that is not known"


def _no(message: str, code: str) -> Unprocessable:
    return Unprocessable(message, code=code)
