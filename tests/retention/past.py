"""Runs of the past with what was paid after them, put into the tables; and what the figures must say of them, by hand."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from backend.billing.models import Invoice, Subscription
from backend.core.ids import new_id
from backend.customers.models import Customer
from backend.identity.models import Business
from backend.retention import learning, rewards
from backend.retention.models import OfferEvent, RetentionRun
from backend.retention.steps import BY_AGENT
from backend.unit import Units
from backend.work import Work

CURRENCY = "INR"
OFFERS = {
    "PAUSE:2": ("PAUSE", {"months": 2}),
    "DISCOUNT:20": ("DISCOUNT", {"percent": 20, "months": 3}),
    "DISCOUNT:10": ("DISCOUNT", {"percent": 10, "months": 3}),
}


@dataclass(frozen=True)
class Bill:
    """An invoice so many days after the run began. Minor units."""

    after: float
    paid: int
    tax: int = 0
    refunded: int = 0
    disputed: int = 0
    discount: int = 0
    status: str = "paid"

    @property
    def net(self) -> int:
        kept = self.paid - self.refunded - self.disputed
        return kept - round(kept * self.tax / self.paid) if self.paid else 0


@dataclass(frozen=True)
class Past:
    """One run. `customer` is a number; its group and share hang on it."""

    customer: int
    days_ago: float
    outcome: str | None = "CANCELLED"
    reason: str | None = "too_expensive"
    ranking: tuple[str, ...] = ("DISCOUNT:20", "PAUSE:2")
    shown: int = 1
    is_superseded: bool = False
    mrr: int = 10_000
    monthly_value: float | None = None
    """What it bills a month once it bills: of a trial, which brings nothing yet."""
    currency: str = CURRENCY
    left_after: float | None = None
    bills: tuple[Bill, ...] = ()
    by_agent: bool = False
    group: str = "TREATED"
    share: float = 0.2

    @property
    def segment(self) -> str:
        return f"{self.reason or 'untold'}/month/new"


@dataclass
class Place:
    """A business whose past was put in, at `now`."""

    units: Units
    now: datetime
    runs: dict[str, Past] = field(default_factory=dict)

    async def put(self, pasts: list[Past], zone: str = "Asia/Kolkata") -> None:
        await self.units.write(self._put, pasts, zone)

    async def learn(self) -> None:
        """What the job does each night."""
        after: str | None = ""
        while after is not None:
            after = await self.units.write(rewards.mature, after)
        await self.units.write(learning.count_arms)

    def _put(self, work: Work, pasts: list[Past], zone: str) -> None:
        work.get(Business, work.business_id, "business").time_zone = zone
        customers = {past.customer: new_id() for past in pasts}
        for number, id in customers.items():
            work.add(Customer(id=id, external_id=f"c-{number}", name="Somebody", created_at=work.now))
        work.session.flush()
        subscriptions = [
            self._subscription(work, number, past, customers[past.customer]) for number, past in enumerate(pasts)
        ]
        work.session.flush()
        runs = [self._run(work, past, row) for past, row in zip(pasts, subscriptions, strict=True)]
        work.session.flush()
        for past, row in zip(pasts, runs, strict=True):
            self._after(work, past, row)

    def _subscription(self, work: Work, number: int, past: Past, customer_id: str) -> Subscription:
        start = self.now - timedelta(days=past.days_ago)
        row = Subscription(
            id=new_id(),
            customer_id=customer_id,
            currency=past.currency,
            stripe_subscription_id=f"sub_{number}",
            stripe_customer_id=f"cus_{past.customer}",
            status="active",
            amount=past.mrr,
            interval="month",
            mrr=past.mrr,
            started_at=start,
            is_live=False,
            read_at=work.now,
            canceled_at=None if past.left_after is None else start + timedelta(days=past.left_after),
        )
        work.add(row)
        return row

    def _run(self, work: Work, past: Past, subscription: Subscription) -> RetentionRun:
        start = subscription.started_at
        ranking = [
            {
                "offer": offer,
                "offerType": OFFERS[offer][0],
                "params": OFFERS[offer][1],
                "place": place,
                "propensity": 0.5,
            }
            for place, offer in enumerate(past.ranking if past.group == "TREATED" else (), 1)
        ]
        accepted = ranking[past.shown - 1]["offer"] if past.outcome == "SAVED" and past.shown and ranking else None
        row = RetentionRun(
            id=new_id(),
            customer_id=subscription.customer_id,
            currency=past.currency,
            subscription_id=subscription.id,
            channel="APP",
            group=past.group,
            flow_rule=BY_AGENT if past.by_agent else None,
            holdout_share=past.share,
            assigned_at=start,
            facts={} if past.monthly_value is None else {"monthly_value": past.monthly_value},
            ranking=ranking,
            segment=past.segment,
            reason=past.reason,
            mrr=past.mrr,
            outcome=past.outcome,
            accepted_offer=accepted,
            started_at=start,
            expires_at=start,
            ranking_seed="",
            version=1,
            superseded_by="another" if past.is_superseded else None,
        )
        work.add(row)
        self.runs[row.id] = past
        return row

    def _after(self, work: Work, past: Past, run: RetentionRun) -> None:
        about = {"customer_id": run.customer_id, "subscription_id": run.subscription_id}
        for step, one in enumerate(run.ranking[: past.shown]):
            offer = {"offer_type": one["offerType"], "params": one["params"], "place": one["place"]}
            for kind in ("SHOWN", "ACCEPTED") if one["offer"] == run.accepted_offer else ("SHOWN",):
                work.add(OfferEvent(run_id=run.id, **about, **offer, kind=kind, step=step, at=run.started_at))
        for place, bill in enumerate(past.bills):
            at = run.started_at + timedelta(days=bill.after)
            amounts = {"subtotal": bill.paid, "total": bill.paid, "tax": bill.tax, "discount": bill.discount}
            is_paid = bill.status == "paid"
            work.add(
                Invoice(
                    **about,
                    **amounts,
                    stripe_invoice_id=f"in_{run.id}_{place}",
                    currency=past.currency,
                    status=bill.status,
                    amount_paid=bill.paid if is_paid else 0,
                    paid_at=at if is_paid else None,
                    refunded=bill.refunded,
                    disputed=bill.disputed,
                    created_at=at,
                    read_at=work.now,
                    period_start=at,
                    period_end=at + timedelta(days=30),
                )
            )


class Expected:
    """The figures of some pasts, worked out without the product."""

    def __init__(self, pasts: list[Past], now: datetime, zone: str, days: int, horizon: int) -> None:
        self.zone, self.horizon, self.now = ZoneInfo(zone), horizon, now
        today = now.astimezone(self.zone).date()
        self.runs = [one for one in pasts if not one.is_superseded and today - self.day(one) < timedelta(days=days)]
        self.mature = [one for one in self.runs if one.days_ago >= horizon and one.currency == CURRENCY]

    def day(self, past: Past) -> Any:
        return (self.now - timedelta(days=past.days_ago)).astimezone(self.zone).date()

    def net(self, past: Past) -> int:
        return sum(bill.net for bill in past.bills if bill.status == "paid" and 0 < bill.after <= self.horizon)

    def total(self, name: str) -> float:
        bills = [
            bill
            for one in self.mature
            if one.group == "TREATED"
            for bill in one.bills
            if 0 < bill.after <= self.horizon
        ]
        return sum(getattr(bill, name) for bill in bills if bill.status == "paid") / 100

    @property
    def gross(self) -> float:
        return sum(self.net(one) for one in self.mature if one.outcome == "SAVED") / 100

    @property
    def incremental(self) -> float | None:
        """In major units; None when nothing can be said."""
        paid: dict[float, dict[str, dict[int, int]]] = defaultdict(lambda: {"TREATED": {}, "HOLDOUT": {}})
        for one in self.mature:
            of = paid[one.share][one.group]
            of[one.customer] = of.get(one.customer, 0) + self.net(one)
        usable = [one for one in paid.values() if min(len(one["TREATED"]), len(one["HOLDOUT"])) >= 2]
        if not usable:
            return None
        all_paid = [net for one in usable for group in one.values() for net in group.values()]
        cap = np.quantile([net for net in all_paid if net > 0] or [0], 0.99)
        total = 0.0
        for one in usable:
            treated, held = (np.minimum(list(one[group].values()), cap) for group in ("TREATED", "HOLDOUT"))
            total += len(treated) * (treated.mean() - held.mean())
        return float(total) / 100
