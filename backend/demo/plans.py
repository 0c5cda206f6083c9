"""What was done in the weeks before the demo for customers who might leave, and what is still to do: as rows."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from backend.billing.models import Subscription
from backend.demo.ledger import Ledger
from backend.identity.models import Member
from backend.interventions.models import Intervention
from backend.jobs.models import PendingJob

WEEKS = 12
_DONE, _TO_DO = 36, 9
_PLANS = (
    ("call", "high", "A payment failed, and they looked at the billing page.", "Call and ask for another card."),
    ("call", "medium", "Nobody has signed in for seventeen days.", "Ask what is missing for the next event."),
    ("email", "medium", "Usage fell by two thirds.", "Send the menus of the season."),
    ("training", "low", "Never used the platter planner.", "Show it in a quarter of an hour."),
    ("offer", "high", "Said that it costs too much.", "See which offer fits before they ask."),
    ("meeting", "medium", "Two complaints in a month.", "Talk it over with the kitchen."),
)
_OUTCOMES = ("helped", "helped", "no_change", "not_reached", "lost")
_NOTES = ("", "", "Glad that we rang.", "Wants to think about it.", "Voicemail twice.")
_DUE_HOURS = (-50, -20, -5, 4, 7, 26, 50, 75, 120)
"""From now; those that are late were told of."""


def keep(ledger: Ledger, rng: Random, now: datetime) -> None:
    """Interventions for some of the subscriptions' customers, each one's first. With a chance of its own."""
    customers = sorted({row["customer_id"] for row in ledger.rows[Subscription.__table__]})  # type: ignore[index]
    members = [row["id"] for row in ledger.rows[Member.__table__]]  # type: ignore[index]
    rng.shuffle(customers)
    for number, customer_id in enumerate(customers[: _DONE + _TO_DO]):
        type, priority, why, what = _PLANS[number % len(_PLANS)]
        row: dict[str, Any] = {
            "customer_id": customer_id,
            "type": type,
            "priority": priority,
            "assignee_id": members[number % len(members)],
            "description": why,
            "next_action": what,
            "notes": "",
            "reminded_for": None,
            "outcome": None,
            "origin": "RISK" if number % 3 else "HAND",
            "cause_id": None,
            "cause": {"level": priority, "score": {"high": 75, "medium": 45, "low": 20}[priority]}
            if number % 3
            else {},
            "version": 1,
        }
        if number < _TO_DO:
            _to_do(ledger, row, now, _DUE_HOURS[number % len(_DUE_HOURS)])
        else:
            _done(ledger, row, rng, now)


def _to_do(ledger: Ledger, row: dict[str, Any], now: datetime, hours: int) -> None:
    at, due = now - timedelta(days=3), now + timedelta(hours=hours)
    id = ledger.new_id(at)
    row |= {"status": "open" if hours % 2 else "active", "due_at": due, "completed_at": None}
    row |= {"created_by": row["assignee_id"], "created_at": at, "updated_at": at}
    if hours < 0:
        row["reminded_for"] = due
    else:
        key, args = f"intervention:{id}", {"intervention_id": id}
        ledger.add(PendingJob, id=ledger.new_id(now), job="interventions.remind", args=args, due_at=due, key=key)
    ledger.add(Intervention, id=id, **row)


def _done(ledger: Ledger, row: dict[str, Any], rng: Random, now: datetime) -> None:
    at = now - timedelta(days=rng.uniform(4, 7 * WEEKS))
    over = at + timedelta(days=rng.uniform(0.5, 3.5))
    is_done = rng.random() < 0.85
    row |= {"status": "completed" if is_done else "cancelled", "due_at": at + timedelta(days=2), "completed_at": over}
    row |= {"outcome": rng.choice(_OUTCOMES) if is_done else None, "notes": rng.choice(_NOTES)}
    row |= {"created_by": row["assignee_id"], "created_at": at, "updated_at": over}
    ledger.add(Intervention, id=ledger.new_id(at), **row)
