"""A business of subscribers who leave the likelier the less they do: so many months of it that there is something to learn."""

import random
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import insert

from backend.billing.models import Subscription
from backend.core.ids import new_id
from backend.core.rows import from_micros, to_micros
from backend.customers.models import Customer
from backend.risk.periods import begin_of
from backend.signals.activity import DAY, Activity, month_of
from backend.signals.models import Context
from backend.work import Work


def populate(work: Work, count: int, *, seed: int = 1, leaving: float = 0.25, failing: float = 0.0) -> None:
    """`count` subscribers, called `sub-0` and so on. Of who does nothing in a month, a share of `leaving` leaves in the
    next; each month a payment of a share of `failing` fails, and a third of those are lost in the next."""
    chance, now = random.Random(seed), to_micros(work.now)
    this = month_of(now // DAY)
    customers: list[dict[str, Any]] = []
    contexts: list[dict[str, Any]] = []
    subscriptions: list[dict[str, Any]] = []
    for number in range(count):
        id, first = new_id(), this - chance.randrange(3, 13)
        activity, left_at, zeal = Activity(), None, chance.random()
        has_failed, is_lost = False, False
        for month in range(first, this + 1):
            begin = begin_of(month)
            is_lost = has_failed and chance.random() < 0.33
            if month > first and (is_lost or chance.random() < leaving * (1 - zeal) ** 2):
                left_at = begin + chance.randrange(1, 27 * DAY)
                if left_at >= now:
                    left_at = None
                break
            if has_failed := chance.random() < failing:
                activity.take("payment_failed", None, None, min(begin + 20 * DAY, now))
            zeal = min(max(zeal + chance.uniform(-0.4, 0.4), 0), 1)
            for _ in range(round(zeal * 20)):
                at = begin + chance.randrange(27 * DAY)
                if at < now:
                    activity.take("login" if chance.random() < 0.3 else "feature_used", None, None, at)
        began = from_micros(begin_of(first)) + timedelta(days=chance.randrange(1, 25))
        made = {"business_id": work.business_id, "version": 1}
        customers.append(
            {
                **made,
                "id": id,
                "external_id": f"sub-{number}",
                "name": "",
                "language": "en",
                "tier": "BRONZE",
                "past_order_count": 0,
                "created_at": began,
            }
        )
        contexts.append({"business_id": work.business_id, "customer_id": id, "activity": orjson.loads(activity.kept())})
        left = None if left_at is None else from_micros(left_at)
        subscriptions.append(
            {
                **made,
                "id": new_id(),
                "customer_id": id,
                "stripe_subscription_id": f"sub_{number}",
                "stripe_customer_id": f"cus_{number}",
                "status": "active" if left is None else "canceled",
                "currency": "INR",
                "amount": chance.choice([49_900, 99_900]),
                "interval": "month",
                "mrr": 49_900,
                "started_at": began,
                "canceled_at": left,
                "ended_at": left,
                "cancellation_reason": None
                if left is None
                else "payment_failed"
                if is_lost
                else "cancellation_requested",
                "is_live": False,
                "read_at": work.now,
            }
        )
    for model, rows in ((Customer, customers), (Context, contexts), (Subscription, subscriptions)):
        work.session.execute(insert(model), rows)
