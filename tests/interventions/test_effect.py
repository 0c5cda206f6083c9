"""Whether interventions helped, from rows to words: who is compared with whom, and who is not."""

from datetime import datetime, timedelta

import pytest

from backend.billing.models import Invoice, Subscription
from backend.core.ids import new_id
from backend.customers.models import Customer
from backend.interventions.models import Intervention
from backend.risk.models import RiskScore
from backend.work import Work
from tests.support.backend import Backend

DAY = timedelta(days=1)


class Past:
    """A business's past, put into the tables."""

    def __init__(self, work: Work) -> None:
        self.work, self.now, self.number = work, work.now, 0

    def customer(
        self,
        scores: list[tuple[float, int]],
        paid: list[tuple[float, int]] = (),  # type: ignore[assignment]
        amount: int = 10_000,
        interval: str = "month",
        helped: list[float] = (),  # type: ignore[assignment]
        currency: str = "INR",
    ) -> str:
        """`scores` and `paid` are (days ago, value); `helped` days ago; amounts in minor units."""
        self.number += 1
        id = self.work.add(Customer(id=new_id(), external_id=f"c-{self.number}", created_at=self.now - 800 * DAY)).id
        subscription = Subscription(
            customer_id=id,
            currency=currency,
            stripe_subscription_id=f"sub_{self.number}",
            stripe_customer_id=f"cus_{self.number}",
            status="active",
            amount=amount,
            interval=interval,
            mrr=amount,
            started_at=self.now - 700 * DAY,
            is_live=False,
            read_at=self.now,
        )
        self.work.add(subscription)
        for ago, score in scores:
            level = "high" if score >= 70 else "medium" if score >= 40 else "low"
            row = RiskScore(customer_id=id, score=score, level=level, factors=[], rule_version=1)
            row.calculated_at = self.at(ago)
            self.work.add(row)
        for number, (ago, net) in enumerate(paid):
            self.work.add(
                Invoice(
                    stripe_invoice_id=f"in_{self.number}_{number}",
                    customer_id=id,
                    subscription_id=subscription.id,
                    status="paid",
                    currency=currency,
                    subtotal=net,
                    total=net * 2,
                    tax=0,
                    amount_paid=net * 2,
                    refunded=net,
                    created_at=self.at(ago),
                    paid_at=self.at(ago),
                    read_at=self.now,
                )
            )
        for ago in helped:
            row = Intervention(
                customer_id=id, type="call", status="cancelled", priority="high", origin="HAND", cause={}
            )
            row.created_at = row.updated_at = self.at(ago)
            self.work.add(row)
        return id

    def at(self, ago: float) -> datetime:
        return self.now - ago * DAY


def put(work: Work) -> None:
    past = Past(work)
    fell, stayed = [(200, 80), (90, 30)], [(200, 80), (90, 70)]
    for extra in (0, 5, 10):  # helped 100 days ago: the risk fell by 50, and they paid 100.00 more than before
        past.customer([*fell, (85, 30 + extra)], [(110, 10_000), (95, 20_000)], helped=[100, 50])
    for extra in (0, 4):  # alike: high, monthly, of the same band, and nobody did anything
        past.customer([*stayed, (85, 70 + extra)], [(110, 10_000), (95, 12_000)])
    past.customer(stayed, amount=900_000)  # another band
    past.customer(stayed, interval="year")
    past.customer([(200, 50), (90, 10)])  # another level
    past.customer([(60, 80)])  # no score then
    past.customer(
        stayed, [(95, 99_000)], currency="USD", amount=10_000
    )  # pays in another currency: nothing of it counts
    past.customer(stayed, helped=[80])  # helped within the 30 days: neither untouched nor of the same month
    past.customer([(200, 20)], helped=[100])  # nobody is alike
    past.customer(stayed, helped=[10])  # too lately to know; untouched until then
    past.customer(stayed, helped=[500])  # long ago, and so it is no untouched one either


async def test_customers_are_compared_with_those_alike(backend: Backend) -> None:
    owner, stranger = await backend.owner(), await backend.another_owner()
    await (await backend.units()).write(put)
    found = await owner.interventions.effect()
    risk, revenue = found.measures
    assert (found.horizon, found.first) == (30, backend.clock.now() - timedelta(days=365))
    assert (risk.helped, risk.alike, risk.pending, risk.unmatched) == (3, 4, 1, 2)
    assert (risk.state, risk.need) == ("not_enough", 63)
    assert (risk.helped_before, risk.helped_after) == (80, 35)
    assert risk.difference == pytest.approx(-45 - (-10 - 6 - 10 - 10) / 4, abs=0.01)
    assert risk.words.startswith("not enough data (have 3, need 63 of each), 1 pending; so far -36.0 points (95 %: ")
    assert (revenue.helped_before, revenue.helped_after) == (100, 200)
    assert revenue.difference == pytest.approx(100 - (20 + 20 + 0 + 0) / 4, abs=0.01)
    assert (revenue.unit, "net of refunds" in revenue.definition) == ("INR", True)
    far = await owner.interventions.effect(90)
    assert (far.horizon, far.measures[0].helped, far.measures[0].pending) == (90, 3, 2)
    nothing = await stranger.interventions.effect()
    assert [(one.state, one.helped, one.pending) for one in nothing.measures] == [("none", 0, 0)] * 2
