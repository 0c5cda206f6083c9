"""Every number of Retention over random histories, against an independent computation; and what is said when nothing is known."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from backend.client import ApiError
from backend.core.rows import Base
from backend.retention import cohort
from backend.retention.jobs import learn
from backend.retention.models import OfferArm, RetentionRun, RunReward
from backend.retention.shipped_flows import SHIPPED
from backend.retention.steps import BY_AGENT
from tests.retention.past import CURRENCY, OFFERS, Bill, Expected, Past, Place
from tests.support.backend import Backend

_AMOUNTS = st.sampled_from((1_000, 9_999, 45_000))
_BILL = st.builds(
    Bill,
    after=st.sampled_from((-5.0, 0.5, 20.0, 30.0, 50.0, 89.0, 95.0, 170.0)),
    paid=_AMOUNTS,
    tax=st.sampled_from((0, 150)),
    refunded=st.sampled_from((0, 0, 500, 1_000)),
    disputed=st.sampled_from((0, 0, 0)),
    discount=st.sampled_from((0, 200)),
    status=st.sampled_from(("paid", "paid", "paid", "open", "void")),
)
_PAST = st.builds(
    Past,
    customer=st.integers(0, 9),
    days_ago=st.sampled_from((0.0, 0.8, 5.2, 8.0, 31.5, 45.0, 90.0, 100.3, 179.9, 200.0)),
    outcome=st.sampled_from(("SAVED", "SAVED", "CANCELLED", "ABANDONED")),
    reason=st.sampled_from((None, "too_expensive", "unused")),
    ranking=st.permutations(sorted(OFFERS)).map(tuple),
    shown=st.integers(0, 2),
    is_superseded=st.sampled_from((False, False, False, True)),
    currency=st.sampled_from((CURRENCY, CURRENCY, CURRENCY, CURRENCY, "EUR")),
    left_after=st.sampled_from((None, None, 3.0, 60.0)),
    bills=st.lists(_BILL, max_size=4).map(tuple),
)


def assigned(past: Past) -> Past:
    """Groups and shares belong to customers."""
    group = "HOLDOUT" if past.customer % 3 == 0 else "TREATED"
    return Past(**{**vars(past), "group": group, "share": 0.1 if past.customer >= 7 else 0.2})


async def place_of(backend: Backend) -> tuple[Any, Place]:
    owner = await backend.another_owner()
    return owner, Place(await backend.units(owner), backend.clock.now())


async def rows_of(place: Place, model: type[Base]) -> list[Any]:
    return await place.units.read(lambda work: list(work.session.scalars(select(model))))


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=[Phase.generate],
)
@given(
    pasts=st.lists(_PAST, min_size=5, max_size=40).map(lambda pasts: [assigned(past) for past in pasts]),
    zone=st.sampled_from(("Asia/Kolkata", "America/New_York")),
    days=st.sampled_from((30, 101, 180, 365)),
    horizon=st.sampled_from((30, 90, 180)),
)
async def test_every_number_is_right(backend: Backend, pasts: list[Past], zone: str, days: int, horizon: int) -> None:
    owner, place = await place_of(backend)
    await place.put(pasts, zone)
    await place.learn()
    expected = Expected(pasts, place.now, zone, days, horizon)
    asked = {"days": days, "horizon": horizon}

    summary = await owner.retention.summary(**asked)
    figures = {one.name: one for one in summary.figures}
    ends = Counter(one.outcome for one in expected.runs)
    assert (summary.runs, summary.mature, summary.zone) == (len(expected.runs), len(expected.mature), zone)
    assert summary.other_currencies == sum(one.currency != CURRENCY for one in expected.runs)
    assert figures["attempts"].value == len(expected.runs)
    assert figures["saved"].value == ends["SAVED"]
    assert figures["saveRate"].value == (pytest.approx(ends["SAVED"] / len(expected.runs)) if expected.runs else None)
    assert (figures["gross"].value or 0) == pytest.approx(expected.gross)
    assert "NOT incremental" in figures["gross"].definition
    assert all(one.definition and one.words for one in summary.figures)

    incremental, known = figures["incremental"], expected.incremental
    assert incremental.have == len({one.customer for one in expected.mature})
    if known is None:
        assert incremental.value is None
        assert incremental.state in ("none", "pending", "not_enough")
    else:
        assert incremental.value == pytest.approx(known, abs=0.011)
        assert incremental.state == "not_enough"
        assert f"have {incremental.have}, need {incremental.need}" in incremental.words
        assert incremental.interval is not None
        assert incremental.interval.low <= incremental.interval.high
    assert (figures["discount"].value or 0) == pytest.approx(expected.total("discount"))

    revenue = await owner.retention.saved_revenue(**asked)
    users = await owner.retention.saved_users(**asked)
    assert sum(day.gross for day in revenue.series) == pytest.approx(expected.gross)
    assert len(users.series) == len(revenue.series) == days
    by_day = Counter(expected.day(one).isoformat() for one in expected.runs)
    assert {day.day: day.attempts for day in users.series if day.attempts} == dict(by_day)
    assert sum(day.cancelled for day in users.series) == ends["CANCELLED"]

    offers = {one.offer: one for one in (await owner.retention.offers_performance(**asked)).items}
    treated = [one for one in expected.runs if one.group == "TREATED"]
    shown = Counter(offer for one in treated for offer in one.ranking[: one.shown])
    accepted = Counter(one.ranking[one.shown - 1] for one in treated if one.outcome == "SAVED" and one.shown)
    for name, line in offers.items():
        first = [one for one in expected.mature if one.group == "TREATED" and one.ranking[0] == name]
        assert (line.shown, line.accepted, line.first) == (shown[name], accepted[name], len(first))
        price = sum(round(one.mrr * horizon * 12 / 365) for one in first)
        assert line.paid_share == (pytest.approx(sum(map(expected.net, first)) / price) if first else None)

    reasons = {one.reason: one for one in (await owner.retention.churn_reasons(**asked)).items}
    assert {name: one.attempts for name, one in reasons.items()} == dict(
        Counter(one.reason or "none" for one in expected.runs)
    )
    lost = sum(one.mrr for one in expected.runs if one.outcome == "CANCELLED" and one.currency == CURRENCY)
    assert sum(one.monthly_lost for one in reasons.values()) == pytest.approx(lost / 100)


@settings(
    max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, phases=[Phase.generate]
)
@given(pasts=st.lists(_PAST, min_size=10, max_size=40).map(lambda pasts: [assigned(past) for past in pasts]))
async def test_counts_of_offers_are_those_of_the_runs_and_the_same_each_night(
    backend: Backend, pasts: list[Past]
) -> None:
    _, place = await place_of(backend)
    await place.put(pasts)
    await place.learn()
    arms = {(row.segment, row.offer): (row.wins, row.losses, row.value) for row in await rows_of(place, OfferArm)}
    judged = [one for one in pasts if one.group == "TREATED" and not one.is_superseded and one.days_ago >= 7]
    outcomes = Counter((one.segment, one.ranking[0]) for one in judged)
    assert {key: wins + losses for key, (wins, losses, _) in arms.items()} == dict(outcomes)
    assert all(0 <= value <= wins + losses for wins, losses, value in arms.values())
    rewards = {(row.run_id, row.days): (row.net_paid, row.is_win) for row in await rows_of(place, RunReward)}
    for run_id, past in place.runs.items():
        assert {days for run, days in rewards if run == run_id} == {d for d in (7, 30, 90, 180) if past.days_ago >= d}
    await place.learn()
    again = {(row.segment, row.offer): (row.wins, row.losses, row.value) for row in await rows_of(place, OfferArm)}
    assert again == arms
    assert {(row.run_id, row.days): (row.net_paid, row.is_win) for row in await rows_of(place, RunReward)} == rewards


SAVED = Past(1, 100.0, outcome="SAVED", bills=(Bill(1, 10_000), Bill(31, 10_000), Bill(61, 10_000)))


async def test_who_pays_after_the_trial_was_worth_it(backend: Backend) -> None:
    """In a trial nothing is billed yet: the list price is what it bills afterwards, and not nothing at all."""
    _, place = await place_of(backend)
    trial = Past(1, 100.0, "SAVED", mrr=0, monthly_value=100, bills=tuple(Bill(day, 10_000) for day in (14, 44, 74)))
    await place.put([trial])
    await place.learn()
    prices = {row.days: row.list_price for row in await rows_of(place, RunReward)}
    assert prices[90] == round(10_000 * 90 * 12 / 365)
    (arm,) = await rows_of(place, OfferArm)
    assert arm.value == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_agents_choose_to_offer_is_no_part_of_the_comparison(backend: Backend) -> None:
    """Nobody in the holdout can be made an offer by an agent: those who are, and pay, would look like a lift."""
    owner, place = await place_of(backend)
    paid = (Bill(1, 10_000), Bill(31, 10_000), Bill(61, 10_000))
    held = [Past(n, 100.0, group="HOLDOUT", bills=paid[: n % 2]) for n in range(30)]
    treated = [Past(100 + n, 100.0, bills=paid[: n % 2]) for n in range(120)]
    chosen = [Past(500 + n, 100.0, "SAVED", bills=paid, by_agent=True) for n in range(60)]
    await place.put([*held, *treated, *chosen])
    await place.learn()
    figures = {one.name: one for one in (await owner.retention.summary()).figures}
    assert figures["incremental"].value == 0
    assert figures["incremental"].have == 150
    assert figures["saved"].value == 60


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_who_is_offered_something_by_an_agent_later_stays_in_the_comparison(backend: Backend) -> None:
    """The agent's offer counts as the outcome of the run before it, which still says that somebody wanted to leave."""
    owner, place = await place_of(backend)
    left = [Past(n, 100.0, "ABANDONED", bills=(Bill(1, 10_000),)) for n in range(8)]
    await place.put(
        [*left, *(Past(100 + n, 100.0, "SAVED", by_agent=True) for n in range(8)), Past(900, 100.0, group="HOLDOUT")]
    )

    def later(work: Any) -> None:
        rows = work.session.scalars(select(RetentionRun).order_by(RetentionRun.id)).all()
        chosen = next(row.id for row in rows if row.flow_rule == BY_AGENT)
        for row in rows:
            if row.outcome == "ABANDONED":
                row.superseded_by = chosen

    await place.units.write(later)
    await place.learn()
    figures = {one.name: one for one in (await owner.retention.summary()).figures}
    assert (figures["incremental"].have, figures["attempts"].value) == (9, 9)


async def test_a_refund_after_the_fact_is_taken_back(backend: Backend) -> None:
    owner, place = await place_of(backend)
    await place.put([SAVED])
    await place.learn()
    gross = {one.name: one.value for one in (await owner.retention.summary()).figures}["gross"]
    assert gross == 300

    def refund(work: Any) -> None:
        from backend.billing.models import Invoice

        row = work.session.scalars(select(Invoice).where(Invoice.stripe_invoice_id.endswith("_1"))).one()
        row.refunded = 10_000

    await place.units.write(refund)
    await place.learn()
    assert {one.name: one.value for one in (await owner.retention.summary()).figures}["gross"] == 200


async def test_days_in_which_another_stripe_account_took_over_are_not_counted(backend: Backend) -> None:
    from datetime import datetime

    from backend.billing.models import FormerAccount, StripeAccount, Subscription

    _owner, place = await place_of(backend)
    await place.put([SAVED])

    async def counted() -> set[int]:
        await place.learn()
        return {row.days for row in await rows_of(place, RunReward)}

    every = await counted()
    (run,) = await rows_of(place, RetentionRun)
    assert {7, 30, 90} <= every

    def connect(work: Any, ended: datetime | None) -> None:
        row = work.session.scalar(select(StripeAccount))
        if row is None:
            about = {"mode": "key", "is_live": False, "connected_at": run.started_at}
            row = work.add(StripeAccount(stripe_account_id="acct_old", **about))
        row.disconnected_at = ended

    def switch(work: Any, left: datetime) -> None:
        work.add(FormerAccount(stripe_account_id="acct_old", connected_at=run.started_at, left_at=left))
        work.session.scalars(select(Subscription)).one().former_account = "acct_old"

    def back(work: Any) -> None:
        work.session.delete(work.session.scalars(select(FormerAccount)).one())
        work.session.scalars(select(Subscription)).one().former_account = None

    left = run.started_at + timedelta(days=40)
    await place.units.write(connect, left)
    assert await counted() == {7, 30}, "disconnected"
    await place.units.write(connect, None)
    assert await counted() == every
    lives = (await place.units.read(cohort.read, 365, 90, with_lives=True)).lives
    await place.units.write(switch, left)
    assert await counted() == {7, 30}, "replaced"
    assert (await place.units.read(cohort.read, 365, 90, with_lives=True)).lives == lives
    assert [(life.months > 0, life.has_left) for life in lives] == [(True, False)], "seen up to then, and not left"
    await place.units.write(back)
    assert await counted() == every


async def test_nothing_is_claimed_where_nothing_is_known(backend: Backend) -> None:
    owner, place = await place_of(backend)
    empty = {one.name: one for one in (await owner.retention.summary()).figures}
    assert empty["gross"].state == "none"
    assert empty["incremental"].words == "no causal estimate: nobody is in the holdout"
    assert empty["worth"].value is None

    await place.put([Past(1, 40.0, outcome="SAVED"), Past(2, 40.0, group="HOLDOUT")])
    await place.learn()
    young = {one.name: one for one in (await owner.retention.summary(horizon=90)).figures}
    assert (young["gross"].state, young["gross"].pending) == ("pending", 1)
    assert young["incremental"].state == "pending"
    assert young["incremental"].words == "not enough data (have 0, need 685), 2 pending"
    for wrong in ({"horizon": 60}, {"days": 0}, {"days": 801}):
        with pytest.raises(ApiError) as refused:
            await owner.retention.summary(**wrong)
        assert refused.value.status == 400


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_enough_customers_give_an_answer_with_both_intervals(backend: Backend) -> None:
    """700 of 875 treated, of whom 200 stay; 26 of 175 in the holdout do."""
    owner, place = await place_of(backend)
    treated = [Past(n, 100.0, outcome="SAVED" if n < 200 else "CANCELLED", shown=1) for n in range(700)]
    held = [
        Past(1_000 + n, 100.0, group="HOLDOUT", outcome="CANCELLED" if n >= 26 else "ABANDONED") for n in range(175)
    ]
    paying = [
        Past(**{**vars(one), "bills": (Bill(5, 30_000),)}) if one.outcome in ("SAVED", "ABANDONED") else one
        for one in (*treated, *held)
    ]
    await place.put(paying)
    await place.learn()
    figures = {one.name: one for one in (await owner.retention.summary()).figures}
    figure = figures["incremental"]
    assert figures["holdout"].words == "20 % now; 10 % would be enough: set it in the flow rules"
    assert figure.state == "known"
    assert figure.value == pytest.approx(700 * 300 * (200 / 700 - 26 / 175), abs=1)
    assert figure.interval is not None
    assert figure.always is not None
    assert figure.always.low < figure.interval.low < figure.value < figure.interval.high < figure.always.high
    assert figure.interval.low > 0


async def test_the_ranking_of_a_flow_tells_what_it_knows_and_why(backend: Backend) -> None:
    owner, place = await place_of(backend)
    name = next(iter(SHIPPED))
    flow = await owner.flows.show(name)
    told = await owner.flows.ranking(name)
    assert (told.flow_id, told.segments, told.is_learning) == (flow.flow_id, [], True)

    def met(work: Any) -> None:
        from backend.retention import flows
        from backend.retention.models import RetentionRun

        flows.kept(work, flows.flow_of(work, name))
        work.session.flush()
        for row in work.session.scalars(select(RetentionRun)):
            row.flow_id = flow.flow_id

    pausing = [
        Past(n, 100.0, ranking=("PAUSE:2", "DISCOUNT:20"), outcome="SAVED", bills=(Bill(1, 30_000),) if n % 4 else ())
        for n in range(40)
    ]
    discounted = [Past(100 + n, 99.0, bills=(Bill(1, 30_000),) if n % 4 == 0 else ()) for n in range(40)]
    await place.put([*pausing, *discounted])
    await place.units.write(met)
    await place.learn()
    told = await owner.flows.ranking(name)
    (segment,) = told.segments
    first = segment.arms[0]
    assert (first.offer, first.outcomes, first.is_rule) == ("PAUSE:2", 40, False)
    assert first.paid_share == pytest.approx(0.75, abs=0.02)
    assert first.low < first.mean < first.high
    assert first.better_than_rule is not None
    assert first.better_than_rule > 0.95
    assert sum(arm.propensity for arm in segment.arms) == pytest.approx(1)
    assert segment.why.startswith("Pause of 2 months first: in 40 like cases")
    assert "your rule puts the discount of 20 % first" in segment.why
    assert await owner.retention.offers_performance()
    with pytest.raises(ApiError):
        await owner.flows.ranking("no such flow")


async def test_one_business_s_past_is_nobody_else_s(backend: Backend) -> None:
    _, place = await place_of(backend)
    await place.put([SAVED])
    await place.learn()
    other, _ = await place_of(backend)
    assert (await other.retention.summary()).runs == 0
    assert (await other.retention.churn_reasons()).items == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_job_runs_at_night(backend: Backend) -> None:
    from backend.jobs.registry import SCHEDULES

    assert [(one.cron, one.scope) for one in SCHEDULES if one.job.name == learn.name] == [("40 2 * * *", "business")]
    owner = await backend.owner()
    place = Place(await backend.units(owner), backend.clock.now())
    await place.put([SAVED])
    await place.units.write(lambda work: work.enqueue(learn))
    await backend.drain()
    rows = await rows_of(place, RunReward)
    assert sorted(row.days for row in rows) == [7, 30, 90]
    assert {row.counted_at for row in rows} == {backend.clock.now()}
    assert timedelta(0) < backend.clock.now() - (place.now - timedelta(days=100))
