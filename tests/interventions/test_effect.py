"""Whether interventions helped, from rows to words: who is compared with whom, and who is not."""

import random
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from backend.billing.models import Invoice, Subscription
from backend.core.ids import new_id
from backend.customers.models import Customer
from backend.interventions import effect, reading
from backend.interventions.models import Intervention
from backend.risk.models import RiskScore
from backend.work import Work
from tests.support.backend import Backend

DAY = timedelta(days=1)


class Past:
    """A business's past, put into the tables."""

    def __init__(self, work: Work) -> None:
        self.work, self.now, self.number = work, work.now, 0
        self.lives: list[dict[str, Any]] = []
        """What was asked for, as it was given."""

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
        self.lives.append(
            {
                "scores": scores,
                "paid": paid,
                "amount": amount,
                "interval": interval,
                "helped": helped,
                "money": currency,
            }
        )
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


def by_chance(past: Past, many: int, horizon: int) -> None:
    """Customers whose scores, payments and interventions fall anywhere in two years, on the boundaries too."""
    rng = random.Random(horizon)
    days = [15.0 * step for step in range(49)] + [365.0 + horizon, 365.0 - horizon]
    for _ in range(many):
        scores = [(ago, rng.choice((20, 50, 80))) for ago in rng.sample(days, rng.choice((0, 3, 6)))]
        paid = [(rng.choice(days), rng.randrange(1, 90) * 1_000) for _ in range(rng.randrange(6))]
        helped = [rng.choice((100, 105, 110, 240, 365, *days)) for _ in range(rng.choice((0, 0, 1, 1, 2)))]
        past.customer(scores, paid, rng.choice((3_000, 40_000)), rng.choice(("month", "month", "year")), helped)


def plainly(past: Past, zone: str, horizon: int) -> dict[tuple[str, str, str, int], tuple[list[Any], list[Any]]]:
    """Who is compared with whom, written down as the definition says it, over all there is and a customer at a time."""

    def score(life: Any, ago: float) -> int | None:
        before = [(-one[0], place, one[1]) for place, one in enumerate(life["scores"]) if one[0] >= ago]
        return max(before)[2] if before else None

    def paid(life: Any, since: float, until: float) -> float:
        return sum(value / 100 for ago, value in life["paid"] if until <= ago < since)

    def seen(life: Any, ago: float, month: str) -> Any:
        first, last = score(life, ago), score(life, ago - horizon)
        if first is None or last is None:
            return None
        level = "high" if first >= 70 else "medium" if first >= 40 else "low"
        is_running = ago <= 700
        worth = life["amount"] / 100 / (12 if life["interval"] == "year" else 1)
        band = 0 if not is_running else sum(worth >= 4**step for step in range(12))
        kind = (month, level, f"1 {life['interval']}" if is_running else "none", band)
        return kind, (first, last), (paid(life, ago + horizon, ago), paid(life, ago, ago - horizon))

    groups: Any = defaultdict(lambda: ([], []))
    months = defaultdict(list)
    for life in past.lives:
        first = max(life["helped"], default=None)
        if first is not None and horizon <= first <= 365:
            months[f"{past.at(first).astimezone(ZoneInfo(zone)):%Y-%m}"].append((first, life))
    for month, theirs in months.items():
        for ago, life in theirs:
            if (found := seen(life, ago, month)) is not None:
                groups[found[0]][0].append(found[1:])
        middle = sorted((ago for ago, _ in theirs), reverse=True)[len(theirs) // 2]
        for life in past.lives:
            if not life["helped"] or max(life["helped"]) < middle - horizon:
                found = seen(life, middle, month)
                if found is not None and found[0] in groups:
                    groups[found[0]][1].append(found[1:])
    return dict(groups)


@pytest.mark.alike
@pytest.mark.parametrize("horizon", [30, 90])
async def test_what_is_read_page_by_page_and_by_days_is_what_all_of_it_says(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, horizon: int
) -> None:
    monkeypatch.setattr(reading, "AT_ONCE", 7)
    units, kept = await backend.units(), {}

    def put_by_chance(work: Work) -> Past:
        past = Past(work)
        by_chance(past, 120, horizon)
        return past

    def told(measure: Any, unit: str, groups: Any, *more: Any) -> Any:
        kept[measure] = sorted((sorted(mine.pairs(measure)), sorted(other.pairs(measure))) for mine, other in groups)
        return plain_told(measure, unit, groups, *more)

    past = await units.write(put_by_chance)
    plain_told = effect.told
    monkeypatch.setattr(effect, "told", told)
    found = await (await backend.owner()).interventions.effect(horizon)
    expected = plainly(past, "Asia/Kolkata", horizon)
    assert sum(len(mine) for mine, _ in expected.values()) >= 10
    assert sum(len(other) for _, other in expected.values()) >= 30
    for place, measure in enumerate(("risk", "revenue")):
        wanted = sorted(
            (sorted(one[place] for one in mine), sorted(one[place] for one in other))
            for mine, other in expected.values()
        )
        assert rounded(kept[measure]) == rounded(wanted)
    monkeypatch.setattr(effect, "MOST_ALIKE", 40)
    drawn = await (await backend.owner()).interventions.effect(horizon)
    assert (
        drawn.measures[0].helped + drawn.measures[0].unmatched == found.measures[0].helped + found.measures[0].unmatched
    )
    assert "Of 120 customers, " in drawn.measures[0].definition
    assert sum(len(other) for _, other in kept["risk"]) < sum(len(other) for _, other in expected.values())


def rounded(groups: Any) -> Any:
    """Sums of cents in another order differ in the last bits."""
    return sorted(
        [[[round(value, 4) for value in pair] for pair in sorted(side)] for side in sides] for sides in groups
    )
