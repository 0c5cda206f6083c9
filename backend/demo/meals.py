"""What the demo's customers subscribe to, and who does: the mirror of Thali & Tandoor's Stripe account, as rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from backend.billing.models import Invoice, Plan, StripeAccount, Subscription
from backend.billing.revenue import Reduction, net_monthly
from backend.customers.models import CustomerHandle
from backend.demo.cast import STRIPE_ACCOUNT
from backend.demo.ledger import Ledger

CURRENCY = "INR"
_SHARE = 0.62
"""How many of the customers subscribe."""
_STANDINGS = ("active", "active_discounted", "ending", "paused", "trialing", "past_due", "canceled")
_WEIGHTS = (66, 8, 6, 5, 5, 4, 6)
_FEEDBACK = ("too_expensive", "unused", "switched_service", "low_quality", "other")
_SPAN = {"week": timedelta(weeks=1), "month": timedelta(days=30), "year": timedelta(days=365)}
_INVOICES_AT_MOST = 4


@dataclass(frozen=True)
class Meal:
    """A plan: paise for each interval."""

    key: str
    name: str
    amount: int
    interval: str
    weight: int


MEALS = (
    Meal("lunch_light", "Light lunch, 5 days", 99_000, "week", 5),
    Meal("lunch_weekday", "Weekday lunch thali", 119_000, "week", 8),
    Meal("dinner_thali", "Dinner thali, 7 days", 169_000, "week", 6),
    Meal("tiffin_office", "Office tiffin", 449_000, "month", 9),
    Meal("family_feast", "Family feast weekends", 799_000, "month", 6),
    Meal("tandoor_club", "Tandoor club", 1_199_000, "year", 2),
)


def keep(ledger: Ledger, people: list[Mapping[str, Any]], rng: Random, now: datetime) -> None:
    """Plans, subscriptions and their latest invoices. With a chance of its own: the rest of the world stays as it is."""
    chance, ledger.rng = ledger.rng, rng
    try:
        began = now - timedelta(days=37)
        _account(ledger, began, now)
        plans = {meal.key: _plan(ledger, meal, began) for meal in MEALS}
        for person in people:
            if rng.random() < _SHARE:
                _subscribe(ledger, rng, person, plans, now)
    finally:
        ledger.rng = chance


def _account(ledger: Ledger, began: datetime, now: datetime) -> None:
    ledger.add(
        StripeAccount,
        id=ledger.new_id(began),
        stripe_account_id=STRIPE_ACCOUNT,
        mode="settings",
        is_live=False,
        connected_at=began,
        events_read_until=now,
        synced_at=now,
        relisted_at=now,
        answered_at=now,
        looks=1,
        missing_scopes=[],
    )


def _plan(ledger: Ledger, meal: Meal, began: datetime) -> dict[str, Any]:
    return ledger.add(
        Plan,
        id=ledger.new_id(began),
        stripe_price_id=f"price_{meal.key}",
        stripe_product_id=f"prod_{meal.key}",
        name=meal.name,
        amount=meal.amount,
        currency=CURRENCY,
        interval=meal.interval,
        interval_count=1,
        is_active=True,
    )


def _subscribe(
    ledger: Ledger, rng: Random, person: Mapping[str, Any], plans: Mapping[str, dict[str, Any]], now: datetime
) -> None:
    """One customer's subscription, in one of the ways in which they stand."""
    meal = rng.choices(MEALS, [one.weight for one in MEALS])[0]
    standing, number = rng.choices(_STANDINGS, _WEIGHTS)[0], person["external_id"].removeprefix("cust-")
    span = _SPAN[meal.interval]
    began = now - timedelta(days=min(rng.expovariate(1 / 120), 700)) - timedelta(hours=1)
    if standing == "trialing":
        began = now - timedelta(days=rng.uniform(0.5, 6))
    began = began.replace(microsecond=0)
    starts = began + span * int((now - began) / span)
    row: dict[str, Any] = {
        "customer_id": person["id"],
        "stripe_subscription_id": f"sub_thali{number}",
        "stripe_customer_id": f"cus_thali{number}",
        "stripe_item_id": f"si_thali{number}",
        "status": "active",
        "plan_id": plans[meal.key]["id"],
        "quantity": rng.choices((1, 2, 4), (8, 3, 1))[0],
        "currency": CURRENCY,
        "interval": meal.interval,
        "interval_count": 1,
        "started_at": began,
        "current_period_start": starts,
        "current_period_end": starts + span,
        "payment_fingerprint": f"fp{number}",
        "is_live": False,
        "read_at": now,
        "look": 1,
        "version": 1,
        **dict.fromkeys(("cancel_at_period_end", "is_disputed", "has_unpaid_invoice"), False),
        **dict.fromkeys(("trial_end", "cancel_at", "canceled_at", "ended_at", "cancellation_reason")),
        **dict.fromkeys(("cancellation_feedback", "paused_behavior", "resumes_at", "discount_percent")),
        **dict.fromkeys(("discount_amount", "discount_ends_at", "stripe_schedule_id", "scheduled_plan_id")),
        **dict.fromkeys(("scheduled_at", "gone_at")),
        "discounts": [],
        "collection_method": "charge_automatically",
        "billing_mode": "flexible" if rng.random() < 0.25 else "classic",
    }
    row["amount"] = meal.amount * row["quantity"]
    row |= _standing(standing, rng, row, now)
    is_earning = row["status"] in ("active", "past_due") and row["paused_behavior"] is None
    off = [Reduction(Decimal(str(row["discount_percent"])), None, row["discount_ends_at"])] if row["discounts"] else []
    row["mrr"] = net_monthly(row["amount"], meal.interval, 1, off, now) if is_earning else 0
    kept = ledger.add(Subscription, id=ledger.new_id(began), **row)
    ledger.add(CustomerHandle, platform="stripe", handle=row["stripe_customer_id"], customer_id=person["id"])
    _invoices(ledger, kept, span, now)


def _standing(standing: str, rng: Random, row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What is special about a subscription that stands so."""
    number, ends = row["stripe_subscription_id"].removeprefix("sub_"), row["current_period_end"]
    match standing:
        case "active_discounted":
            percent, until = rng.choice((10.0, 15.0, 20.0)), (now + timedelta(days=rng.randint(20, 80)))
            until = until.replace(microsecond=0)
            told: dict[str, Any] = {
                "id": f"di_{number}",
                "coupon": f"save{percent:.0f}",
                "name": f"{percent:.0f} % off",
            }
            told |= {"percentOff": percent, "amountOff": None, "duration": "repeating"}
            told["endsAt"] = until.isoformat(timespec="microseconds").replace("+00:00", "Z")
            return {"discounts": [told], "discount_percent": percent, "discount_ends_at": until}
        case "ending":
            asked = max(row["current_period_start"], now - timedelta(days=rng.uniform(0.1, 3)))
            about = {"canceled_at": asked.replace(microsecond=0), "cancellation_reason": "cancellation_requested"}
            return about | {
                "cancel_at_period_end": True,
                "cancel_at": ends,
                "cancellation_feedback": rng.choice(_FEEDBACK),
            }
        case "paused":
            resumes = (now + timedelta(days=rng.randint(3, 40))).replace(microsecond=0)
            return {"paused_behavior": "void", "resumes_at": resumes}
        case "trialing":
            ends = row["started_at"] + timedelta(days=7)
            period = {"current_period_start": row["started_at"], "current_period_end": ends}
            return {"status": "trialing", "trial_end": ends, **period}
        case "past_due":
            return {"status": "past_due", "has_unpaid_invoice": True}
        case "canceled":
            ended = (now - timedelta(days=rng.uniform(1, 30))).replace(microsecond=0)
            ended = max(ended, row["started_at"] + timedelta(hours=1))
            is_unpaid = rng.random() < 0.3
            reason = "payment_failed" if is_unpaid else "cancellation_requested"
            about = {"cancellation_reason": reason, "ended_at": ended, "canceled_at": ended, "status": "canceled"}
            return about | {"cancellation_feedback": None if is_unpaid else rng.choice(_FEEDBACK)}
    return {}


def _invoices(ledger: Ledger, row: Mapping[str, Any], span: timedelta, now: datetime) -> None:
    """The latest periods that were paid, and the one that was not."""
    if row["status"] == "trialing":
        return
    number, until = row["stripe_subscription_id"].removeprefix("sub_"), row["ended_at"] or now
    starts = row["current_period_start"]
    for place in range(_INVOICES_AT_MOST):
        if starts < row["started_at"]:
            return
        is_open = place == 0 and row["status"] == "past_due"
        if starts <= until:
            ledger.add(
                Invoice,
                id=ledger.new_id(starts),
                stripe_invoice_id=f"in_{number}n{place}",
                customer_id=row["customer_id"],
                subscription_id=row["id"],
                stripe_charge_id=None if is_open else f"ch_{number}n{place}",
                stripe_payment_intent_id=f"pi_{number}n{place}",
                status="open" if is_open else "paid",
                billing_reason="subscription_create" if starts == row["started_at"] else "subscription_cycle",
                currency=CURRENCY,
                subtotal=row["amount"],
                discount=0,
                tax=0,
                total=row["amount"],
                amount_paid=0 if is_open else row["amount"],
                refunded=0,
                disputed=0,
                attempts=1,
                created_at=starts,
                due_at=now + timedelta(days=2) if is_open else None,
                paid_at=None if is_open else starts + timedelta(hours=1),
                period_start=starts,
                period_end=starts + span,
                read_at=now,
                look=1,
            )
        starts -= span
