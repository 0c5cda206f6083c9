"""A visit: counters by flow, its end, prompts once, and signals that come late."""

from datetime import datetime, timedelta

import pytest

from backend.core.clock import instant
from backend.signals.schemas import FrictionJudge, ScreenPut, TrackEvent
from tests.signals.conftest import Shop

TIMEOUT = 1_800
pytestmark = [pytest.mark.alike, pytest.mark.settings(visit_timeout_seconds=TIMEOUT)]


async def test_counters_belong_to_a_flow(shop: Shop) -> None:
    await shop.post("asha", "back_navigation", 3, flow="platter")
    answer = await shop.post("asha", "back_navigation", 3, flow="guests")
    assert (answer.friction_score, answer.triggered) == (10, False)  # six in all, but on no flow more than three
    context = await shop.app.context.show("asha")
    assert context.counters == {"platter": {"back_navigation": 3}, "guests": {"back_navigation": 3}}
    assert context.back_navigation_count == 3
    assert (await shop.post("asha", "back_navigation", flow="guests")).triggered


async def test_durations_keep_the_longest_and_counts_ignore_the_value(shop: Shop) -> None:
    for seconds in (20, 50, 30):
        await shop.post("asha", "inactivity", value=seconds)
    await shop.post("asha", "price_check", 2, value=1000)
    context = await shop.app.context.show("asha")
    assert context.counters == {"default": {"inactivity": 50, "price_check": 2}}


@pytest.mark.parametrize("ending", ["session_end", "order_placed"])
async def test_an_ending_resets_the_visit(shop: Shop, ending: str) -> None:
    await shop.post("asha", "back_navigation", 4)
    ended = await shop.post("asha", ending)
    assert (ended.friction_score, ended.triggered, ended.prompt) == (0, False, None)
    context = await shop.app.context.show("asha")
    assert (context.counters, context.hesitation_score, context.session_duration) == ({}, 0, 0)
    again = await shop.post("asha", "back_navigation", 3)
    assert not again.triggered
    assert (await shop.post("asha", "back_navigation")).prompt is not None  # another visit, another prompt


@pytest.mark.parametrize(("silence", "is_over"), [(TIMEOUT - 1, False), (TIMEOUT, True), (TIMEOUT + 1, True)])
async def test_silence_ends_a_visit(shop: Shop, silence: int, is_over: bool) -> None:
    await shop.post("asha", "back_navigation", 4)
    shop.backend.clock.advance(seconds=silence)
    context = await shop.app.context.show("asha")
    assert (context.counters == {}) is is_over
    assert (await shop.app.friction.detect(FrictionJudge(user_id="asha"))).triggered is not is_over
    assert (await shop.post("asha", "platter_view")).triggered is not is_over


async def test_each_signal_lengthens_the_visit(shop: Shop) -> None:
    await shop.post("asha", "back_navigation", 4)
    for _ in range(3):
        shop.backend.clock.advance(seconds=TIMEOUT - 1)
        assert (await shop.post("asha", "platter_view")).triggered
    assert (await shop.app.context.show("asha")).session_duration == 3 * (TIMEOUT - 1)


async def test_one_prompt_for_each_cause(shop: Shop) -> None:
    answers = [await shop.post("asha", "quantity_change") for _ in range(12)]
    assert [answer.prompt is not None for answer in answers] == [False] * 5 + [True] + [False] * 6
    assert all(answer.triggered for answer in answers[5:])
    other = await shop.post("asha", "payment_failure", 3)
    assert other.prompt is not None
    assert other.prompt.cause == "payment_failures"
    offered = await shop.events("asha", "customer.help_offered")
    assert [data["cause"] for data in offered] == ["quantity_changes", "payment_retries", "payment_failures"]


async def test_the_score_is_a_cause_of_its_own_told_once(shop: Shop) -> None:
    await shop.app.context.set_screen("asha", ScreenPut(screen="menu"))
    await shop.post("asha", "inactivity", value=90)  # 10 + 30
    await shop.post("asha", "back_navigation", 9)  # + 25: both the loops and the score call for help
    offered = await shop.events("asha", "customer.help_offered")
    assert [data["cause"] for data in offered] == ["back_loops", "score"]
    assert offered[1]["score"] == 65
    assert [reason["rule"] for reason in offered[1]["reasons"][:3]] == ["inactive", "going_back", "first_time_user"]
    assert offered[1]["context"]["screen"] == "menu"
    assert set(offered[1]["context"]) >= {"orderValue", "eventType", "screen", "cartItems", "userInputs"}


async def test_bands_are_told_and_single_signals_are_not(shop: Shop) -> None:
    await shop.post("asha", "platter_view", 20)
    assert await shop.events("asha", "context.friction_changed") == []
    await shop.post("asha", "back_navigation", 9)
    await shop.post("asha", "inactivity", 3, value=61)
    changes = await shop.events("asha", "context.friction_changed")
    assert [data["score"] for data in changes] == [[10, 35], [35, 65]]


async def test_idle_on_the_menu_is_not_stuck_at_the_checkout(shop: Shop) -> None:
    await shop.post("asha", "inactivity", value=300, screen="menu")
    await shop.app.context.set_screen("asha", ScreenPut(screen="Checkout"))
    assert not (await shop.post("asha", "platter_view")).triggered
    stuck = await shop.post("asha", "inactivity", value=61)
    assert stuck.prompt is not None
    assert stuck.prompt.cause == "checkout_inactivity"


async def test_screens_are_remembered(shop: Shop) -> None:
    for number in range(12):
        await shop.app.context.set_screen("asha", ScreenPut(screen=f"step {number}"))
    await shop.post("asha", "platter_view", screen="checkout")
    context = await shop.app.context.show("asha")
    assert context.current_screen == "checkout"
    assert context.previous_screens == [f"step {number}" for number in range(2, 12)]
    assert context.items_viewed == 1


def _before(now: datetime, **ago: float) -> datetime:
    return now - timedelta(**ago)


async def test_late_signals_count_in_their_own_visit(shop: Shop) -> None:
    now = shop.backend.clock.now()
    await shop.post("asha", "back_navigation", 3)
    yesterday = await shop.post("asha", "back_navigation", timestamp=_before(now, days=1))
    assert not yesterday.triggered
    assert (await shop.app.context.show("asha")).back_navigation_count == 3
    late = await shop.post("asha", "back_navigation", timestamp=_before(now, minutes=5))
    assert late.triggered
    context = await shop.app.context.show("asha")
    assert (context.back_navigation_count, context.session_duration) == (4, 300)
    assert context.last_activity == now
    assert await shop.stored(type="back_navigation") == 5
    assert await shop.stored(occurred_at=_before(now, days=1)) == 1


async def test_what_came_before_an_ending_stays_behind_it(shop: Shop) -> None:
    now = shop.backend.clock.now()
    await shop.post("asha", "back_navigation", 3, timestamp=_before(now, minutes=9))
    await shop.post("asha", "order_placed", timestamp=_before(now, minutes=5))
    await shop.post("asha", "back_navigation", timestamp=_before(now, minutes=8))
    assert (await shop.app.context.show("asha")).counters == {}


async def test_a_late_ending_keeps_what_came_after_it(shop: Shop) -> None:
    now = shop.backend.clock.now()
    await shop.post("asha", "back_navigation", 3, timestamp=_before(now, minutes=9))
    await shop.post("asha", "price_check", 2, timestamp=_before(now, minutes=1))
    await shop.post("asha", "order_placed", timestamp=_before(now, minutes=5))
    context = await shop.app.context.show("asha")
    assert context.counters == {"default": {"price_check": 2}}
    assert context.session_duration == 60


async def test_order_in_a_batch_is_by_time(shop: Shop) -> None:
    now = shop.backend.clock.now()
    events = [("back_navigation", 1), ("order_placed", 5), ("back_navigation", 9), ("back_navigation", 2)]
    await shop.app.tracking.track(
        *(
            TrackEvent(customer_id="asha", event=event, timestamp=_before(now, minutes=minutes))
            for event, minutes in events
        )
    )
    assert (await shop.app.context.show("asha")).counters == {"default": {"back_navigation": 2}}


async def test_a_clock_that_is_ahead_means_now(shop: Shop) -> None:
    now = shop.backend.clock.now()
    await shop.post("asha", "platter_view", timestamp=now + timedelta(days=400))
    context = await shop.app.context.show("asha")
    assert context.last_activity is not None
    assert instant(context.last_activity) == instant(now)
