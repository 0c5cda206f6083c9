"""From Stripe to the score, through the API: what is taken, what comes late, what is recommended, and what is kept."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from backend.billing import takings_keeping
from backend.billing.models import Dispute
from backend.client import ApiError
from backend.delivery.models import Letter
from backend.demo.outside.stripe import Mischief
from backend.finance import advising, digest, jobs, keeping
from backend.finance.models import MetricSnapshot, ReadinessScore
from backend.finance.schemas import RecommendationChange
from backend.identity.schemas import BusinessChange
from backend.rules.shipped.readiness import LABELS
from tests.billing.conftest import Billing
from tests.support.backend import business_of

pytestmark = pytest.mark.settings(token_days=4_000)
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Money:
    """A business in dollars with a quiet account: nothing is paid out by itself, and no webhook comes."""

    def __init__(self, billing: Billing, api: Any, business: str, units: Any) -> None:
        self.billing, self.stripe, self.api, self.business, self.units = billing, billing.stripe, api, business, units
        self.number = 0

    async def hour(self) -> None:
        """What the hourly jobs do."""
        await jobs.compute_metrics.run(Hourly(self.units))
        await self.billing.backend.drain()

    async def take(self, number: int, amount: int) -> None:
        """So many charges now, and a minute passes. Without Stripe, which other tests ask."""
        clock, self.number = self.billing.backend.clock, self.number + number
        about = {"amount": amount, "currency": "usd", "status": "succeeded", "created": int(clock.now().timestamp())}
        shown = [about | {"id": f"ch_{self.number}_{place}"} for place in range(number)]
        await self.units.write(takings_keeping.keep_charges, shown, 9)
        clock.advance(minutes=1)

    async def dispute(self, number: int) -> None:
        """So many disputes now, and a minute passes."""
        self.number += number
        await self.units.write(_lose, [f"du_{self.number}_{place}" for place in range(number)])
        self.billing.backend.clock.advance(minutes=1)

    async def read(self) -> None:
        """Read what changed at Stripe; and let a minute pass, for what happens now is not in the past yet."""
        await self.billing.read_changes()
        self.billing.backend.clock.advance(minutes=1)

    async def metrics(self, days: int = 0) -> Any:
        """Of the last 30 days, or from so many days ago until today."""
        if not days:
            return await self.api.finance.metrics(self.business)
        today = self.billing.backend.clock.now().date()
        return await self.api.finance.metrics(self.business, today - timedelta(days=days), today)


def _lose(work: Any, ids: list[str]) -> None:
    for id in ids:
        about = {"status": "lost", "reason": "fraudulent", "amount": 1_000, "currency": "USD"}
        work.add(Dispute(stripe_dispute_id=id, created_at=work.now, read_at=work.now, **about))
    takings_keeping.forget_days(work, [work.now])


class Hourly:
    """Runs a job as the worker would."""

    def __init__(self, units: Any) -> None:
        self.read, self.write, self.runtime = units.read, units.write, units.runtime


async def money(billing: Billing) -> Money:
    await billing.begin()
    api = await billing.backend.owner()
    business = await business_of(api)
    now = await api.businesses.show(business)
    await api.businesses.change(business, BusinessChange(version=now.version, currency="USD", time_zone="UTC"))
    billing.stripe.account.pays_out = False
    billing.stripe.mail.mischief.append(Mischief("drop", times=100_000))
    return Money(billing, api, business, await billing.backend.units())


@SQLITE
async def test_what_comes_late_reaches_the_numbers(billing: Billing) -> None:
    """A dispute won after forty days, a payout that fails after it was paid, a refund of an old charge."""
    there = await money(billing)
    stripe = billing.stripe
    charges = [stripe.charge(10_000, is_told=True) for _ in range(4)]
    dispute, payout = stripe.dispute(charges[0]["id"]), stripe.payout(20_000)
    await there.read()
    told = await there.metrics()
    assert (told.revenue_total, told.transaction_count, told.average_transaction_size) == (400, 4, 100)
    assert (told.chargeback_ratio, told.payout_reliability, told.revenue_net) == (0.25, None, 300)
    stripe.advance(days=4)
    await there.read()
    await there.hour()
    assert (await there.metrics()).payout_reliability == 1.0
    stripe.advance(days=36)
    await there.read()
    stripe.charge(5_000, is_told=True)
    await billing.call("post", "refunds", charge=charges[1]["id"], amount=3_000)
    stripe.decide(dispute["id"], "won")
    stripe.fail_payout(payout["id"])
    await there.hour()
    before = await there.metrics(days=45)
    assert (before.chargeback_ratio, before.payout_reliability) == (0.25, 1.0), "nobody has read Stripe yet"
    await there.read()
    after = await there.metrics(days=45)
    assert (after.chargeback_ratio, after.payout_reliability) == (0.0, 0.0)
    assert (after.revenue_total, after.refund_total, after.revenue_net) == (450, 30, 420)
    lately = await there.metrics()
    assert (lately.revenue_total, lately.refund_total, lately.revenue_net) == (50, 30, 20), (
        "on the day it was given back"
    )
    assert (lately.chargeback_ratio, lately.payout_reliability, lately.revenue_volatility) == (0.0, None, 2.0)
    (refund,) = stripe.account.rows("refund")
    stripe.fail_refund(refund["id"])
    await there.read()
    assert (await there.metrics()).refund_total == 0
    assert set(after.definitions) == {
        "revenueTotal",
        "revenueVolatility",
        "chargebackRatio",
        "payoutReliability",
        "averageTransactionSize",
        "transactionCount",
    }


@SQLITE
async def test_currencies_stand_beside_each_other(billing: Billing) -> None:
    there = await money(billing)
    empty = await there.metrics()
    assert (empty.revenue_total, empty.transaction_count, empty.others) == (0, 0, [])
    unknown = (empty.revenue_volatility, empty.chargeback_ratio, empty.payout_reliability, empty.revenue_before)
    assert unknown == (None, None, None, None)
    for amount, currency in ((1_050, "usd"), (3_000, "jpy"), (1_001, "jpy"), (1_234, "kwd")):
        billing.stripe.charge(amount, currency, is_told=True)
    await there.read()
    told = await there.metrics()
    assert (told.currency, told.revenue_total, told.transaction_count) == ("USD", 10.5, 1)
    others = {one.currency: (one.revenue_total, one.average_transaction_size) for one in told.others}
    assert others == {"JPY": (4_001, 2_001), "KWD": (1.234, 1.234)}
    one = await there.api.businesses.show(there.business)
    await there.api.businesses.change(there.business, BusinessChange(version=one.version, currency="JPY"))
    told = await there.metrics()
    assert (told.currency, told.revenue_total, [one.currency for one in told.others]) == ("JPY", 4_001, ["KWD", "USD"])
    with pytest.raises(ApiError, match="to: must be a day"):
        await there.api.finance.metrics(there.business, told.end.date(), told.start.date())


async def test_readiness_and_what_is_recommended(billing: Billing) -> None:
    there, api = await money(billing), await billing.backend.owner()
    await there.take(20, 1_000)
    await there.dispute(1)
    await there.hour()
    await there.units.write(advising.refresh)
    told = await api.finance.readiness(there.business)
    hurts = {one.rule: one.points for one in told.hurts}
    assert hurts == {"chargebacks_high": -15, "volatile": -10}
    assert (told.score, told.tier, told.label) == (25, "not_ready", LABELS["not_ready"])
    assert told.next_tier is not None
    assert (told.next_tier.tier, told.next_tier.missing) == ("improving", 16)
    assert [lever.fact for lever in told.next_tier.levers] == ["chargeback_percent"]
    assert told.next_tier.levers[0].words == "chargebacks below 0.5 % (now 5 %)"
    page = await api.finance.recommendations(there.business)
    assert [(one.rule, one.impact, one.priority) for one in page.items] == [
        ("focus_on_core", 25, "high"),
        ("reduce_chargebacks", 15, "high"),
        ("stabilise_revenue", 10, "medium"),
    ]
    first = await api.finance.recommendations(there.business, limit=2)
    rest = await api.finance.recommendations(there.business, limit=2, cursor=first.next_cursor)
    assert [one.id for one in (*first.items, *rest.items)] == [one.id for one in page.items]

    # Owners and admins are told once by mail; not while there is no way to send any.
    assert await there.units.write(digest.send, ()) == 0
    await billing.backend.member("admin")
    assert await there.units.write(digest.send, ("EMAIL",)) == 2
    assert await there.units.write(digest.send, ("EMAIL",)) == 0
    letters = await billing.rows(Letter)
    assert {(letter.recipient, letter.subject.partition(": ")[2]) for letter in letters} == {
        ("owner1@example.com", "3 new recommendations"),
        ("admin2@example.com", "3 new recommendations"),
    }
    assert "Reduce chargebacks (high priority, +15 points)" in letters[0].text

    agent = await billing.backend.member("agent")
    core, cut, steady = page.items
    dismissed = await agent.finance.decide(cut.id, RecommendationChange(version=1, status="dismissed"))
    assert (dismissed.status, dismissed.version) == ("dismissed", 2)
    accepted = await agent.finance.decide(steady.id, RecommendationChange(version=1, status="accepted"))
    assert accepted.status == "accepted"
    with pytest.raises(ApiError) as stale:
        await api.finance.decide(cut.id, RecommendationChange(version=1, status="accepted"))
    assert (stale.value.code, stale.value.details["current"]["status"]) == ("STALE_VERSION", "dismissed")
    with pytest.raises(ApiError, match="dismissed already"):
        await api.finance.decide(cut.id, RecommendationChange(version=2, status="accepted"))
    stranger = await billing.backend.another_owner()
    with pytest.raises(ApiError, match="no recommendation"):
        await stranger.finance.decide(core.id, RecommendationChange(version=1, status="accepted"))
    with pytest.raises(ApiError):
        await stranger.finance.readiness(there.business)

    # The same every day; what was dismissed is silent for thirty days, and then comes back if it is still so.
    for days, expected in (
        (1, ["focus_on_core"]),
        (28, ["focus_on_core"]),
        (1.01, ["focus_on_core", "reduce_chargebacks"]),
    ):
        billing.backend.clock.advance(days=days)
        await there.take(3, 1_000)
        await there.dispute(3)
        await there.units.write(advising.refresh)
        pending = await api.finance.recommendations(there.business, status="pending")
        kept = {one.rule for one in pending.items} - {"stabilise_revenue"}
        assert sorted(kept) == expected, days
    assert len((await api.finance.recommendations(there.business, status="dismissed")).items) == 1

    # Nothing is wrong any more: what waited is resolved, by nobody.
    await there.units.write(_win_all)
    for _ in range(4):
        billing.backend.clock.advance(days=7)
        await there.take(1, 50_000)
    await there.units.write(advising.refresh)
    assert (await api.finance.recommendations(there.business, status="pending")).items == []
    resolved = await api.finance.recommendations(there.business, status="resolved")
    assert {one.rule for one in resolved.items} >= {"focus_on_core", "reduce_chargebacks"}
    assert "recommendation.resolved" in await billing.told("recommendation.")


def _win_all(work: Any) -> None:
    for row in work.session.scalars(select(Dispute)):
        row.status = "won"
        takings_keeping.forget_days(work, [row.created_at])


@SQLITE
async def test_hours_are_kept_and_told(billing: Billing) -> None:
    there, stripe = await money(billing), billing.stripe
    clock = billing.backend.clock
    await there.hour()
    stripe.charge(7_000, is_told=True)
    await billing.read_changes()
    for _ in range(8):
        clock.advance(hours=2)
        await there.units.write(keeping.keep_metrics)
        await there.units.write(keeping.keep_readiness)
        await there.units.write(keeping.keep_metrics)
    history = await there.api.finance.metric_history(there.business)
    assert len(history.items) == 9
    assert [one.at for one in history.items] == sorted(one.at for one in history.items)
    assert (history.items[0].revenue_total, history.items[-1].revenue_total) == (0, 70)
    days = await there.api.finance.metric_history(there.business, by="day")
    assert [one.at.hour for one in days.items] == [23, 1]
    scores = await there.api.finance.readiness_history(there.business)
    assert [one.score for one in scores.items][-1] == (await there.api.finance.readiness(there.business)).score
    assert len((await there.api.finance.readiness_history(there.business, by="day")).items) == 2
    changes = await billing.told("readiness.")
    assert 1 <= len(changes) < 5, "a score that stays is no news"
    tried = await there.api.rules.dry_run("readiness", {"days": 7})
    assert tried["cases"] == len(scores.items)
    clock.advance(days=100)
    await there.units.write(keeping.prune)
    assert len(await billing.rows(MetricSnapshot)) == 2
    assert len(await billing.rows(ReadinessScore)) == 2


@SQLITE
async def test_rules_are_data(billing: Billing) -> None:
    """Another number of an admin's moves the score at once, and a lever names it."""
    there, stripe = await money(billing), billing.stripe
    stripe.dispute(stripe.charge(1_000, is_told=True)["id"])
    await there.read()
    before = await there.api.finance.readiness(there.business)
    rules = await there.api.rules.show("readiness")
    changed = [one | {"then": {"points": -40}} if one["id"] == "chargebacks_high" else one for one in rules["rules"]]
    body = {"version": 1, "rules": changed, "settings": rules["settings"] | {"base": 60}, "reason": "for a test"}
    await there.api.rules.publish("readiness", body)
    after = await there.api.finance.readiness(there.business)
    assert (before.rule_version, after.rule_version) == (1, 2)
    assert after.score == before.score + 10 - 25
    assert next(lever for lever in after.levers if lever.fact == "chargeback_percent").points == 45
    wrong = rules["settings"] | {"improving": 90}
    with pytest.raises(ApiError, match="must rise"):
        await there.api.rules.publish("readiness", {"version": 2, "settings": wrong, "reason": "no"})
