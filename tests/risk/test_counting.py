"""What is counted as signals come equals what all of them say, whatever their order: days, duplicates, lateness, races."""

import asyncio
from datetime import timedelta
from itertools import count

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from backend.risk import service
from backend.signals.activity import DAY, DAYS, MONTHS, Activity, counted
from backend.signals.models import Context, Signal
from backend.signals.noting import note
from backend.work import Work
from tests.risk.conftest import Growth, Told, expected

_DAYS = st.sampled_from([0, 1, 6, 7, 8, 12, 13, 14, 15, 26, 27, 28, 29, 30, 31, 60, 400])
_SLACK = st.sampled_from([-1, 0, 1, 3_600 * 8, 3_600 * 9, 3_600 * 9 + 1, 3_600 * 20])
"""Seconds. The clock of the tests stands at nine: nine hours ago it was midnight."""
_KINDS = st.sampled_from(
    [
        ("login", None),
        ("feature_used", None),
        ("billing_page_view", None),
        ("page_view", {"screen": "Billing"}),
        ("page_view", {"screen": "menu"}),
        ("support_contact", {"sentiment": "negative"}),
        ("support_contact", {"sentiment": "positive"}),
        ("payment_failed", None),
        ("inactivity", None),
    ]
)
_TOLD = st.lists(st.tuples(_KINDS, _DAYS, _SLACK), max_size=40)
_users = count()


def _ago(days: int, slack: int) -> timedelta:
    return max(timedelta(days=days, seconds=slack), timedelta(0))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=_TOLD, order=st.randoms(use_true_random=False), size=st.integers(1, 9))
async def test_counters_equal_another_reading_of_everything(
    growth: Growth, told: list, order: object, size: int
) -> None:  # type: ignore[type-arg]
    user = f"user-{next(_users)}"
    facts = [
        Told(type, _ago(days, slack), properties, f"{number}")
        for number, ((type, properties), days, slack) in enumerate(told)
    ]
    sent = [*facts, *facts[:5]]  # some are told twice
    order.shuffle(sent)  # type: ignore[attr-defined]
    batches = [sent[start : start + size] for start in range(0, len(sent), size)]
    await asyncio.gather(*(growth.tell(user, *batch) for batch in batches))
    if not sent:
        await growth.tell_ago(user, "inactivity", 1)
    score, rules = expected(facts, growth.backend.clock.now())
    risk = await growth.risk(user)
    assert (risk.score, {one.rule for one in risk.reasons}) == (score, rules)
    assert risk.level == ("high" if score >= 70 else "medium" if score >= 40 else "low")

    def both(work: Work) -> tuple[str, str]:
        kept = work.session.scalars(select(Context.activity).where(Context.customer_id == risk.customer_id)).one()
        return Activity(kept).kept(), counted(work, risk.customer_id).kept()

    incremental, again = await (await growth.backend.units()).read(both)
    assert orjson.loads(incremental) == orjson.loads(again)


@given(st.lists(st.integers(0, 900), max_size=60), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_makes_no_difference(days: list[int], order: object) -> None:
    one, other = Activity(), Activity()
    for day in days:
        one.take("login", None, None, (20_000 + day) * DAY + day)
    shuffled = days[:]
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    for day in shuffled:
        other.take("login", None, None, (20_000 + day) * DAY + day)
    assert orjson.loads(one.kept()) == orjson.loads(other.kept())
    assert len(one.days) <= DAYS
    assert len(one.months) <= MONTHS
    if days:
        latest = max(days)
        assert one.uses(20_000 + latest + 3, 3, DAYS) == sum(latest - day < DAYS for day in days)


def test_a_past_of_any_length_costs_the_same() -> None:
    activity, sizes = Activity(), []
    for number in range(40_000):
        activity.take("login" if number % 2 else "payment_failed", None, None, (18_000 + number // 20) * DAY)
        if number % 10_000 == 9_999:
            sizes.append(len(activity.kept()))
    assert max(sizes) <= 600
    assert sizes[0] == pytest.approx(sizes[-1], rel=0.1)


async def test_who_was_here_before_counting_began_is_counted_whole(growth: Growth) -> None:
    await growth.tell_ago("asha", "login", 20)
    await growth.tell_ago("ravi", "login", 20)
    await growth.tell_ago("asha", "feature_used", 20, 10)
    units = await growth.backend.units()

    def forget(work: Work) -> None:
        work.session.execute(update(Context).values(activity=None))

    await units.write(forget)
    asha = await growth.risk("asha")
    assert {one.rule for one in asha.reasons} == {"no_login", "usage_down"}
    await growth.tell_ago("asha", "feature_used", 1, 5)
    assert {one.rule for one in (await growth.risk("asha")).reasons} == {"no_login", "usage_down"}
    await growth.tell_ago("asha", "feature_used", 1)
    assert {one.rule for one in (await growth.risk("asha")).reasons} == {"no_login"}
    await units.write(service.rate_page, "")  # counts ravi too

    def uncounted(work: Work) -> list[str]:
        return list(work.session.scalars(select(Context.customer_id).where(Context.activity.is_(None))))

    assert await units.read(uncounted) == []
    assert [one.rule for one in (await growth.risk("ravi")).reasons] == ["no_login", "usage_down"]


async def test_a_fact_from_within_is_kept_once_and_begins_no_visit(growth: Growth) -> None:
    await growth.tell_ago("asha", "feature_used", 3)
    id = (await growth.risk("asha")).customer_id
    units, at = await growth.backend.units(), growth.backend.clock.now()
    kept = [await units.write(note, id, "payment_failed", id="invoice:1:1", at=at) for _ in range(2)]
    assert kept == [True, False]
    assert await units.write(note, "nobody", "payment_failed", id="invoice:2:1", at=at) is False
    risk = await growth.risk("asha")
    assert (risk.score, risk.level, risk.factors) == (40, "medium", ["Recent payment failure"])
    context = await growth.owner.context.show("asha")
    assert context.session_duration == 0

    def stored(work: Work) -> list[str]:
        return list(work.session.scalars(select(Signal.type).where(Signal.customer_id == id).order_by(Signal.type)))

    assert await units.read(stored) == ["feature_used", "payment_failed"]
