"""What is acknowledged is stored, once, whatever comes at once."""

import asyncio
from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.signals.schemas import CartPut, ScreenPut, SignalPost, TrackEvent, UserSignalPost
from tests.signals.conftest import Shop

TYPES = ("platter_view", "quantity_change", "price_check", "customization")


async def test_the_same_id_twenty_times_at_once_is_one_signal(shop: Shop) -> None:
    body = UserSignalPost(user_id="asha", signal_type="quantity_change", id="tap-1")
    await asyncio.gather(*(shop.app.friction.signal(body) for _ in range(20)))
    assert await shop.stored() == 1
    assert (await shop.app.context.show("asha")).counters == {"default": {"quantity_change": 1}}
    assert len((await shop.owner.customers.list()).items) == 1


async def test_an_id_is_of_one_customer(shop: Shop) -> None:
    for user in ("asha", "ravi"):
        await shop.post(user, "price_check", id="tap-1")
    assert await shop.stored() == 2


async def test_an_idempotency_key_counts_once(shop: Shop) -> None:
    for _ in range(3):
        answer = await shop.app.transport.call(
            "POST",
            "/friction/signals",
            None,
            {"userId": "asha", "signalType": "price_check"},
            idempotency_key="try-1",
        )
        assert answer["frictionScore"] == 10
    assert await shop.stored() == 1


async def test_concurrent_signals_of_one_customer_lose_none(shop: Shop) -> None:
    told = [(TYPES[number % 4], f"flow {number % 3}") for number in range(200)]
    answers = await asyncio.gather(
        *(shop.app.context.signal("asha", SignalPost(signal_type=type, flow=flow)) for type, flow in told)
    )
    context = await shop.app.context.show("asha")
    counted = {(type, flow): count for flow, counts in context.counters.items() for type, count in counts.items()}
    assert counted == Counter(told)
    assert await shop.stored() == 200
    causes = [answer.prompt.cause for answer in answers if answer.prompt]
    assert sorted(causes) == ["many_customizations", "platters_viewed", "price_calculator", "quantity_changes"]
    assert (await shop.owner.audit.verify())["isWhole"]


async def test_screen_cart_and_signals_at_once_lose_nothing(shop: Shop) -> None:
    work: list[asyncio.Task[object]] = []
    for number in range(15):
        work.append(asyncio.create_task(shop.app.context.signal("asha", SignalPost(signal_type="platter_view"))))
        work.append(asyncio.create_task(shop.app.context.set_screen("asha", ScreenPut(screen=f"s{number}"))))
        work.append(asyncio.create_task(shop.app.context.set_cart("asha", CartPut(cart_items=[number]))))
        work.append(asyncio.create_task(shop.app.tracking.track(TrackEvent(customer_id="asha", event="login"))))
    await asyncio.gather(*work)
    context = await shop.app.context.show("asha")
    assert context.counters == {"default": {"platter_view": 15, "login": 15}}
    assert len({*context.previous_screens, context.current_screen}) == 11
    assert len(context.cart_items) == 1


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=st.lists(
        st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(TYPES), st.sampled_from(["x", "y", None])), max_size=40
    ),
    run=st.uuids(),
)
async def test_counters_equal_what_was_told(shop: Shop, told: list[tuple[str, str, str | None]], run: object) -> None:
    events = [
        TrackEvent(customer_id=f"{user}{run}", event=type, properties={"flow": flow} if flow else {})
        for user, type, flow in told
    ]
    answer = await shop.app.tracking.track(*events)
    assert (answer.accepted, answer.duplicates, answer.rejected) == (len(told), 0, [])
    for user in {user for user, _, _ in told}:
        context = await shop.app.context.show(f"{user}{run}")
        expected: dict[str, Counter[str]] = {}
        for _, type, flow in [one for one in told if one[0] == user]:
            expected.setdefault(flow or "default", Counter())[type] += 1
        assert context.counters == expected


async def test_businesses_share_a_transaction_and_nothing_else(shop: Shop) -> None:
    other = await shop.backend.another_owner()
    theirs = await shop.backend.key(of=other)
    bodies = [SignalPost(signal_type="back_navigation") for _ in range(8)]
    await asyncio.gather(
        *(app.context.signal("asha", body) for app, count in ((shop.app, 3), (theirs, 8)) for body in bodies[:count])
    )
    assert (await shop.app.context.show("asha")).back_navigation_count == 3
    assert (await theirs.context.show("asha")).back_navigation_count == 8
    assert await shop.events("asha", "customer.help_offered") == []
    for owner in (shop.owner, other):
        assert (await owner.audit.verify())["isWhole"]
        assert len((await owner.customers.list()).items) == 1


async def test_ours_and_the_external_id_are_one_customer(shop: Shop) -> None:
    await shop.post("asha", "price_check")
    ours = (await shop.owner.customers.show("asha")).id
    answer = await shop.app.tracking.track(
        TrackEvent(customer_id=ours, event="price_check"), TrackEvent(customer_id="asha", event="price_check")
    )
    assert answer.accepted == 2
    assert (await shop.app.context.show(ours)).price_check_count == 3
    assert len((await shop.owner.customers.list()).items) == 1
