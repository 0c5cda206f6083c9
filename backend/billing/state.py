"""A subscription and a plan as the API shows them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from backend.billing.models import Plan, Subscription
from backend.billing.revenue import monthly, whole
from backend.billing.schemas import (
    Discount,
    Freshness,
    Pause,
    Payer,
    PlanBrief,
    PlanRead,
    Scheduled,
    SubscriptionRead,
)
from backend.core.money import to_major
from backend.customers.models import Customer

STALE_AFTER = timedelta(hours=36)
"""Every subscription is listed each night: what was not read for so long is not known to be right any more."""
ENDED = ("canceled", "incomplete_expired")


def plan_brief(plan: Plan) -> PlanBrief:
    return PlanBrief(
        id=plan.id,
        stripe_price_id=plan.stripe_price_id,
        name=plan.name,
        amount=to_major(plan.amount, plan.currency),
        currency=plan.currency,
        interval=plan.interval,
        interval_count=plan.interval_count,
    )


def plan_read(plan: Plan) -> PlanRead:
    per_month = whole(monthly(plan.amount, plan.interval, plan.interval_count))
    return PlanRead(
        **plan_brief(plan).model_dump(),
        stripe_product_id=plan.stripe_product_id,
        is_active=plan.is_active,
        monthly=to_major(per_month, plan.currency),
    )


def freshness(row: Subscription, now: datetime, *, is_connected: bool = True) -> Freshness:
    """How far what is shown can be relied on. What has ended does not change any more."""
    if row.gone_at is not None or row.former_account is not None:
        return "GONE"
    if row.status in ENDED:
        return "CURRENT"
    return "CURRENT" if is_connected and now - row.read_at < STALE_AFTER else "STALE"


def subscription_read(
    row: Subscription, customer: Customer, plans: Mapping[str, Plan], now: datetime, *, is_connected: bool = True
) -> SubscriptionRead:
    """`plans` holds (by our id) the plan it is on, and the one it is to be moved to."""
    plan, scheduled = plans.get(row.plan_id or ""), plans.get(row.scheduled_plan_id or "")
    return SubscriptionRead(
        id=row.id,
        customer_id=row.customer_id,
        customer=Payer(id=customer.id, external_id=customer.external_id, name=customer.name),
        stripe_subscription_id=row.stripe_subscription_id,
        stripe_customer_id=row.stripe_customer_id,
        status=row.status,
        plan=plan_brief(plan) if plan else None,
        quantity=row.quantity,
        currency=row.currency,
        amount=to_major(row.amount, row.currency),
        interval=row.interval,
        interval_count=row.interval_count,
        mrr=to_major(row.mrr, row.currency),
        started_at=row.started_at,
        current_period_start=row.current_period_start,
        current_period_end=row.current_period_end,
        trial_end=row.trial_end,
        cancel_at_period_end=row.cancel_at_period_end,
        cancel_at=row.cancel_at,
        canceled_at=row.canceled_at,
        ended_at=row.ended_at,
        cancellation_reason=row.cancellation_reason,
        cancellation_feedback=row.cancellation_feedback,
        pause=Pause(behavior=row.paused_behavior, resumes_at=row.resumes_at) if row.paused_behavior else None,
        discounts=[_discount(told, row.currency) for told in row.discounts],
        schedule_id=row.stripe_schedule_id,
        scheduled=Scheduled(plan=plan_brief(scheduled), at=row.scheduled_at)
        if scheduled and row.scheduled_at
        else None,
        collection_method=row.collection_method,
        billing_mode=row.billing_mode,
        is_disputed=row.is_disputed,
        has_unpaid_invoice=row.has_unpaid_invoice,
        is_live=row.is_live,
        version=row.version,
        read_at=row.read_at,
        freshness=freshness(row, now, is_connected=is_connected),
        former_account=row.former_account,
    )


def as_json(read: SubscriptionRead) -> dict[str, Any]:
    """The state of events."""
    return read.model_dump(mode="json", by_alias=True)


def changes_between(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Any]]:
    """What a timeline tells: field to [before, after]."""
    silent = ("version", "readAt", "customer")
    return {name: [before[name], after[name]] for name in after if name not in silent and before[name] != after[name]}


def _discount(told: Mapping[str, Any], currency: str) -> Discount:
    amount = told.get("amountOff")
    return Discount(
        id=told["id"],
        coupon=told.get("coupon"),
        name=told.get("name"),
        percent_off=told.get("percentOff"),
        amount_off=to_major(amount, currency) if amount is not None else None,
        ends_at=datetime.fromisoformat(told["endsAt"]) if told.get("endsAt") else None,
    )
