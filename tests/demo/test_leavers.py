"""The runs of the weeks before the demo: they fit what the subscriptions show, and the group that is offered nothing."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from backend.billing.models import Plan, Subscription, SubscriptionChange
from backend.customers.models import Customer
from backend.demo import leavers
from backend.demo.ledger import Ledger
from backend.jobs.models import PendingJob
from backend.retention.holdout import group_of
from backend.retention.models import Flow, OfferEvent, RetentionRun

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
ASKED = NOW - timedelta(days=9)
LEFT = {
    "cancel_at_period_end": True,
    "canceled_at": ASKED,
    "cancellation_reason": "cancellation_requested",
    "cancellation_feedback": "unused",
}
STANDINGS: list[dict[str, Any]] = [
    {},
    {"discounts": [{"percentOff": 15}], "discount_percent": 15.0},
    {"paused_behavior": "void"},
    LEFT,
    {"status": "past_due"},
]


def subscribed(seed: int) -> Ledger:
    """Two hundred subscribers in all standings."""
    ledger = Ledger(Random(seed), NOW - timedelta(days=60))
    ledger.add(Plan, id="plan", name="Thali")
    for number in range(200):
        ledger.add(Customer, id=f"c{number}", tier="GOLD")
        row = {"id": f"s{number}", "customer_id": f"c{number}", "plan_id": "plan", "status": "active", "discounts": []}
        row |= {"interval": "month", "interval_count": 1, "amount": 100_000, "currency": "INR"}
        row |= dict.fromkeys(("paused_behavior", "canceled_at", "cancellation_reason", "cancellation_feedback"))
        row |= {"started_at": NOW - timedelta(days=300), "payment_fingerprint": f"card{number}"}
        ledger.add(Subscription, **row | STANDINGS[number % len(STANDINGS)])
    leavers.keep(ledger, Random(f"leavers {seed}"), NOW)
    return ledger


def rows(ledger: Ledger, model: Any) -> list[dict[str, Any]]:
    return ledger.rows[model.__table__]


def test_runs_fit_what_became_of_the_subscriptions() -> None:
    ledger = subscribed(7)
    runs, changes = rows(ledger, RetentionRun), {row["run_id"]: row for row in rows(ledger, SubscriptionChange)}
    assert len(rows(ledger, Flow)) == 2
    for run in runs:
        standing = STANDINGS[int(run["subscription_id"][1:]) % len(STANDINGS)]
        assert run["assigned_group"] == group_of(ledger.business_id, run["customer_id"], "first", 0.2)
        assert "status" not in standing
        if run["outcome"] == "SAVED":
            assert run["assigned_group"] == "TREATED"
            assert run["accepted_offer"] == ("PAUSE:2" if "paused_behavior" in standing else "DISCOUNT:15")
            assert run["revenue_saved"] == (100_000 if "paused_behavior" in standing else 85_000)
        assert (run["outcome"] == "CANCELLED") == (standing is LEFT)
        assert run["outcome"] != "CANCELLED" or run["started_at"] == ASKED
        assert (run["id"] in changes) == (run["outcome"] in ("SAVED", "CANCELLED"))
        assert run["started_at"] < NOW
    open_now = [run["id"] for run in runs if run["outcome"] is None]
    assert [job["key"] for job in rows(ledger, PendingJob)] == [f"run:{id}" for id in open_now]
    assert len(open_now) == 3
    shown = [row["run_id"] for row in rows(ledger, OfferEvent) if row["place"]]
    assert not {run["id"] for run in runs if run["assigned_group"] == "HOLDOUT"} & set(shown)


def test_a_seed_gives_the_same_runs_and_nobody_subscribed_gives_none() -> None:
    assert subscribed(7).rows == subscribed(7).rows
    empty = Ledger(Random(7), NOW)
    leavers.keep(empty, Random(7), NOW)
    assert rows(empty, RetentionRun) == []
