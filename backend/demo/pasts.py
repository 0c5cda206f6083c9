"""What customers of the world did in the two months before it: some are as keen as ever, some are about to leave."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import orjson

from backend.core.rows import to_micros
from backend.demo.ledger import Ledger
from backend.jobs.models import PendingJob
from backend.signals.activity import Activity
from backend.signals.models import Context, Signal


class Past(NamedTuple):
    """How many signs of use there were in the last two weeks and in the two before, and what else: (type, days ago)."""

    share: int
    lately: int
    before: int
    else_: tuple[tuple[str, float], ...] = ()
    silent_days: float = 0.0


_PASTS = (
    Past(12, 6, 5),
    Past(5, 1, 11, (("billing_page_view", 2.0),)),
    Past(4, 0, 8, silent_days=17),
    Past(3, 3, 4, (("payment_failed", 4.0),)),
    Past(2, 1, 12, (("payment_failed", 9.0), ("billing_page_view", 1.0))),
    Past(4, 0, 11, (("support_negative", 12.0), ("billing_page_view", 5.0)), silent_days=16),
)
_USES = ("login", "menu_view", "platter_view", "page_viewed")
_WHO = 80


def live(ledger: Ledger, people: Sequence[Mapping[str, Any]], rng: Random, now: datetime) -> None:
    """Give some of those who are not in the app a past, and let everybody be rated, then predicted, as soon as there is a backend."""
    here = {row["customer_id"] for row in ledger.rows[Context.__table__]}  # type: ignore[index]
    others = [person for person in people if person["id"] not in here][:_WHO]
    known: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in ledger.rows[Signal.__table__]:  # type: ignore[index]
        known[row["customer_id"]].append(row)
    kinds = rng.choices(_PASTS, [past.share for past in _PASTS], k=len(others))
    for person, past in zip(others, kinds, strict=True):
        _live(ledger, person["id"], past, known[person["id"]], rng, now)
    for job, due in (("risk.rate_daily", now), ("risk.predict_daily", now + timedelta(seconds=15))):
        ledger.add(PendingJob, id=ledger.new_id(now), job=job, args={}, due_at=due, key=f"first:{job}")


def _live(
    ledger: Ledger, customer_id: str, past: Past, orders: Sequence[Mapping[str, Any]], rng: Random, now: datetime
) -> None:
    told = [(type, now - timedelta(days=ago)) for type, ago in past.else_]
    for count, first, last in ((past.lately, past.silent_days, 13.5), (past.before, max(past.silent_days, 14.5), 27.0)):
        told += [(_USES[turn % len(_USES)], now - timedelta(days=rng.uniform(first, last))) for turn in range(count)]
    activity = Activity()
    for order in orders:
        activity.take(order["type"], order["screen"], None, to_micros(order["occurred_at"]))
    for type, at in sorted(told, key=lambda one: one[1]):
        activity.take(type, None, None, to_micros(at))
        row = {"type": type, "value": None, "flow": None, "screen": None, "properties": None}
        id = ledger.new_id(at)
        ledger.add(Signal, customer_id=customer_id, id=id, occurred_at=at, received_at=at, **row)
    latest = max([at for _, at in told] + [order["occurred_at"] for order in orders])
    nothing = dict.fromkeys(("selected_platter", "guest_count", "event_date", "event_type", "estimated_value"))
    ledger.add(
        Context,
        customer_id=customer_id,
        started_at=None,
        last_activity=latest,
        ends_at=latest,
        screen=None,
        previous_screens=[],
        visit={},
        score=0,
        activity=orjson.loads(activity.kept()),
        cart_items=[],
        **nothing,
    )
