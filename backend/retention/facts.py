"""What the flow rules see of a customer and a subscription, and what the limits look at. Nothing personal.

Region is what the customer's profile says. Usage is how many signals came from the customer in the last 30 days, unknown
when there never was one: a business that sends none is not one that nobody uses.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select

from backend.billing.models import Plan, Subscription, SubscriptionChange
from backend.billing.revenue import monthly, whole
from backend.core.days import day_of, start_of
from backend.core.errors import NotFound
from backend.core.money import to_major
from backend.core.text import clean_line
from backend.customers.models import Customer
from backend.identity.service import currency_of, time_zone_of
from backend.retention.eligibility import DISCOUNT, PAUSE, TRIAL_EXTENSION, Given, History
from backend.retention.models import OfferEvent
from backend.signals.models import Signal
from backend.work import Work

_USAGE_DAYS = 30
_MOST_USAGE = 100_000
"""Signals that are counted: who sent more uses it that much."""
_LONGEST_ID = 255
_DAYS_A_MONTH = 365 / 12
Facts = dict[str, Any]


def subscription_of(work: Work, id: str) -> Subscription:
    """The subscription by our id or Stripe's. NotFound otherwise."""
    id = clean_line(id)[:_LONGEST_ID]
    named = or_(Subscription.id == id, Subscription.stripe_subscription_id == id)
    found = work.session.scalars(
        select(Subscription).where(Subscription.business_id == work.business_id, named)
    ).first()
    if found is None:
        raise NotFound(f"There is no subscription {id!r} here.", id=id)
    return found


def facts_of(work: Work, row: Subscription, customer: Customer) -> Facts:
    """The facts of the flow rules, as things are now."""
    plan = None if row.plan_id is None else work.session.get(Plan, row.plan_id)
    return {
        "plan": plan.name if plan else None,
        "monthly_value": to_major(list_monthly(row), row.currency),
        "region": customer.region,
        "usage": _usage(work, customer.id),
        "interval": row.interval,
        "tenure_months": round(max((work.now - row.started_at).days, 0) / _DAYS_A_MONTH, 1),
        "status": row.status,
        "tier": customer.tier,
    }


def list_monthly(row: Subscription) -> int:
    """What it bills a month once it bills, before discounts, in minor units."""
    return whole(monthly(row.amount, row.interval, row.interval_count))


def discount_cost(row: Subscription, percent: float, months: int) -> int:
    """What a discount gives away in all, in minor units, rounded up: a part of each invoice that may fall into its
    months, and of a year's invoice that is a part of the year."""
    each = {"month": 1, "year": 12}.get(row.interval, 0) * row.interval_count
    billed = row.amount * -(-months // each) if each else list_monthly(row) * months
    return -(-billed * round(percent * 100) // 10_000)


def history_of(work: Work, row: Subscription, group: str, settings: Mapping[str, Any]) -> History:
    """What the limits look at, as things are now."""
    has_discount = any(_runs(one.get("endsAt"), work.now) for one in row.discounts)
    return History(
        now=work.now,
        group=group,
        status=row.status,
        interval=row.interval,
        interval_count=row.interval_count,
        is_disputed=row.is_disputed,
        has_unpaid_invoice=row.has_unpaid_invoice,
        is_ending=row.cancel_at_period_end or row.cancel_at is not None or row.ended_at is not None,
        is_paused=row.paused_behavior is not None,
        is_scheduled=row.stripe_schedule_id is not None,
        running_discount=has_discount,
        given=_given(work, row, work.now - timedelta(days=max(settings["limitDays"], settings["cooldownDays"]))),
        given_away=0 if settings["discountBudget"] is None else _given_away(work, row.currency),
        is_foreign=row.currency.upper() != currency_of(work).upper(),
    )


def _runs(ends_at: str | None, now: datetime) -> bool:
    return ends_at is None or datetime.fromisoformat(ends_at) > now


def _usage(work: Work, customer_id: str) -> int | None:
    mine = (Signal.business_id == work.business_id) & (Signal.customer_id == customer_id)
    lately = Signal.occurred_at > work.now - timedelta(days=_USAGE_DAYS)
    some = select(Signal.id).where(mine, lately).limit(_MOST_USAGE).subquery()
    many = work.session.scalar(select(func.count()).select_from(some)) or 0
    if many:
        return many
    return None if work.session.scalar(select(Signal.id).where(mine).limit(1)) is None else 0


def _given(work: Work, row: Subscription, since: datetime) -> tuple[Given, ...]:
    """What was given to the customer, or to whoever pays with the same card, by a flow or by hand.

    A change that Stripe refused gave nothing; one whose outcome is not known may have.
    """
    changes = SubscriptionChange
    theirs: Any = changes.customer_id == row.customer_id
    if row.payment_fingerprint:
        card = row.payment_fingerprint
        of_card = select(Subscription.id).where(Subscription.payment_fingerprint == card)
        in_runs = select(OfferEvent.run_id).where(OfferEvent.payment_fingerprint == card, OfferEvent.kind == "ACCEPTED")
        theirs = or_(theirs, changes.subscription_id.in_(of_card), changes.run_id.in_(in_runs))
    query = (
        select(changes.kind, changes.asked_at)
        .where(changes.business_id == work.business_id, theirs, changes.asked_at > since)
        .where(changes.kind.in_((DISCOUNT, PAUSE, TRIAL_EXTENSION)), changes.state != "FAILED")
        .order_by(changes.asked_at)
    )
    return tuple(Given(found.kind, found.asked_at) for found in work.session.execute(query))


def _given_away(work: Work, currency: str) -> int:
    """What discounts since the first of this month, in the business's zone, give away in all, in minor units."""
    zone = ZoneInfo(time_zone_of(work))
    begin = start_of(day_of(work.now, zone).replace(day=1), zone)
    changes = SubscriptionChange
    query = (
        select(Subscription, changes.params)
        .join(changes, changes.subscription_id == Subscription.id)
        .where(changes.business_id == work.business_id, changes.kind == DISCOUNT, changes.state != "FAILED")
        .where(changes.asked_at >= begin, Subscription.currency == currency)
    )
    return sum(discount_cost(row, params["percent"], params["months"]) for row, params in work.session.execute(query))
