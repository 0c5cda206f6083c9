"""What customers of the world did in the two months before it: some are as keen as ever, some are about to leave."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import orjson

from backend.core.rows import to_micros
from backend.demo.ledger import Ledger
from backend.incidences.models import Incidence
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
_TORN = Past(0, 3, 4, (("payment_failed", 9.0), ("support_negative", 3.0), ("billing_page_view", 1.0)))
_TORN_EACH = 9
"""Of those with an open case, each of so many is about to leave: help counts double there."""
_USES = ("login", "menu_view", "platter_view", "page_viewed")
_WHO = 80


def live(ledger: Ledger, people: Sequence[Mapping[str, Any]], rng: Random, now: datetime) -> None:
    """Give some of those who are not in the app a past, and let everybody be rated, then predicted, as soon as there is a backend."""
    here = {row["customer_id"]: row for row in ledger.rows[Context.__table__]}  # type: ignore[index]
    others = [person for person in people if person["id"] not in here][:_WHO]
    known: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in ledger.rows[Signal.__table__]:  # type: ignore[index]
        known[row["customer_id"]].append(row)
    kinds = rng.choices(_PASTS, [past.share for past in _PASTS], k=len(others))
    for person, past in zip(others, kinds, strict=True):
        _live(ledger, person["id"], past, known[person["id"]], rng, now)
    asking = [row["customer_id"] for row in ledger.rows[Incidence.__table__] if row["status"] == "OPEN"]  # type: ignore[index]
    for id in [id for id in asking if id in here][::_TORN_EACH]:
        here[id]["activity"] = _told(ledger, id, _TORN, known[id], rng, now)[0]
    for job, due in (("risk.rate_daily", now), ("risk.predict_daily", now + timedelta(seconds=15))):
        ledger.add(PendingJob, id=ledger.new_id(now), job=job, args={}, due_at=due, key=f"first:{job}")


def _told(
    ledger: Ledger, customer_id: str, past: Past, known: Sequence[Mapping[str, Any]], rng: Random, now: datetime
) -> tuple[Any, datetime]:
    """Write the signals of a past; what is counted of them and of those known, and the instant of the latest."""
    told = [(type, now - timedelta(days=ago)) for type, ago in past.else_]
    for count, first, last in ((past.lately, past.silent_days, 13.5), (past.before, max(past.silent_days, 14.5), 27.0)):
        told += [(_USES[turn % len(_USES)], now - timedelta(days=rng.uniform(first, last))) for turn in range(count)]
    activity = Activity()
    signals = [(one["occurred_at"], one["type"], one["screen"]) for one in known] + [
        (at, type, None) for type, at in told
    ]
    for at, type, screen in sorted(signals, key=lambda one: one[0]):
        activity.take(type, screen, None, to_micros(at))
    for type, at in sorted(told, key=lambda one: one[1]):
        row = {"type": type, "value": None, "flow": None, "screen": None, "properties": None}
        id = ledger.new_id(at)
        ledger.add(Signal, customer_id=customer_id, id=id, occurred_at=at, received_at=at, **row)
    return orjson.loads(activity.kept()), max(at for at, _, _ in signals)


def _live(
    ledger: Ledger, customer_id: str, past: Past, orders: Sequence[Mapping[str, Any]], rng: Random, now: datetime
) -> None:
    activity, latest = _told(ledger, customer_id, past, orders, rng, now)
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
        activity=activity,
        cart_items=[],
        **nothing,
    )
