"""When help is offered: each rule at its number and on both sides, once for its cause in a visit, never to who said no."""

import asyncio
from typing import Any

import pytest

from backend.client import ApiError
from backend.notifications.schemas import NotificationTrigger, Suppress
from backend.signals.schemas import CartPut, ScreenPut, SignalPost
from tests.signals.conftest import Shop

DAY = 86_400
pytestmark = [pytest.mark.alike, pytest.mark.settings(visit_timeout_seconds=2 * DAY)]


async def causes(shop: Shop, user: str = "asha") -> list[str]:
    return [one.cause for one in (await shop.app.notifications.list(user)).items]


@pytest.mark.parametrize(
    ("type", "fields", "below", "cause", "text"),
    [
        ("platter_view", {}, 3, "platters_viewed", "Want expert recommendation?"),
        ("customization", {}, 5, "many_customizations", "Let us help customize"),
        ("payment_failure", {}, 1, "payment_retries", "Need payment help?"),
    ],
)
async def test_counts(shop: Shop, type: str, fields: dict[str, Any], below: int, cause: str, text: str) -> None:
    assert (await shop.post("asha", type, below, **fields)).prompt is None
    assert await causes(shop) == []
    prompt = (await shop.post("asha", type, **fields)).prompt
    assert prompt is not None
    assert (prompt.cause, prompt.text) == (cause, text)
    (kept,) = (await shop.app.notifications.list("asha")).items
    assert (kept.id, kept.state, kept.rule_kind, kept.rule, kept.rule_version) == (
        prompt.id,
        "OFFERED",
        "notification",
        cause,
        1,
    )
    assert (await shop.post("asha", type, 3, **fields)).prompt is None or type == "payment_failure"
    assert (await causes(shop)).count(cause) == 1


async def test_idle_on_guest_count(shop: Shop) -> None:
    for seconds, screen in ((45, "Guest count"), (46, "menu")):
        assert (await shop.post("asha", "inactivity", value=seconds, screen=screen)).prompt is None
    prompt = (await shop.post("asha", "inactivity", value=46, screen="Guest count")).prompt
    assert prompt is not None
    assert (prompt.cause, prompt.text) == ("guest_count_idle", "Need help deciding portions?")


async def test_a_large_cart_at_checkout(shop: Shop) -> None:
    async def cart(value: str) -> list[str]:
        await shop.app.context.set_cart("asha", CartPut.model_validate({"cartItems": [1], "estimatedValue": value}))
        return await causes(shop)

    assert await cart("30000") == []  # not at the checkout
    await shop.app.context.set_cart("asha", CartPut.model_validate({"cartItems": [1], "estimatedValue": "25000"}))
    await shop.app.context.set_screen("asha", ScreenPut(screen="checkout"))
    assert await causes(shop) == []
    assert await cart("25000.00") == []
    assert await cart("25000.01") == ["large_cart_checkout"]
    assert await cart("40000") == ["large_cart_checkout"]
    prompt = (await shop.post("asha", "screen_view")).prompt  # what a cart called for is shown with the next signal
    assert prompt is not None
    assert prompt.text == "Talk to catering expert"


async def test_once_a_visit_and_again_in_the_next(shop: Shop) -> None:
    await shop.post("asha", "platter_view", 9)
    assert await causes(shop) == ["platters_viewed"]
    await shop.post("asha", "session_end")
    (old,) = (await shop.app.notifications.list("asha")).items
    assert old.state == "EXPIRED"
    await shop.post("asha", "platter_view", 3)
    assert await causes(shop) == ["platters_viewed"]
    await shop.post("asha", "platter_view")
    page = await shop.app.notifications.list("asha")
    assert [(one.cause, one.state) for one in page.items] == [
        ("platters_viewed", "EXPIRED"),
        ("platters_viewed", "OFFERED"),
    ]
    assert page.to_show == [page.items[1].id]


async def test_two_devices_at_once_are_offered_it_once(shop: Shop) -> None:
    await shop.post("asha", "platter_view", 2)
    post = SignalPost(signal_type="platter_view")
    answers = await asyncio.gather(*(shop.app.context.signal("asha", post) for _ in range(8)))
    assert len([answer for answer in answers if answer.prompt]) == 1
    assert await causes(shop) == ["platters_viewed"]
    assert len(await shop.events("asha", "notification.offered")) == 1


async def test_no_means_no_for_exactly_so_long(shop: Shop) -> None:
    prompt = (await shop.post("asha", "platter_view", 4)).prompt
    assert prompt is not None
    answer = await shop.app.notifications.suppress("asha", Suppress(notification_id=prompt.id))
    assert answer.dismissed == [prompt.id]
    assert (answer.suppressed_until - shop.backend.clock.now()).total_seconds() == DAY
    shop.backend.clock.advance(seconds=DAY - 1)
    assert (await shop.post("asha", "customization", 6)).prompt is None
    assert await causes(shop) == ["platters_viewed"]
    shop.backend.clock.advance(seconds=1)
    late = (await shop.post("asha", "customization", 6)).prompt  # of another visit: none lasts longer than a day
    assert late is not None
    assert late.cause == "many_customizations"
    page = await shop.app.notifications.list("asha")
    assert {one.cause: one.state for one in page.items} == {
        "platters_viewed": "DISMISSED",
        "many_customizations": "OFFERED",
    }


async def test_an_admin_changes_numbers_and_the_next_signal_obeys(shop: Shop) -> None:
    agent = await shop.backend.member("agent")
    rules = await agent.notifications.rules()
    (platters,) = (rule for rule in rules["rules"] if rule["id"] == "platters_viewed")
    platters["when"]["value"] = 1
    body = {
        "version": rules["version"],
        "rules": rules["rules"],
        "settings": {"suppressSeconds": 60},
        "reason": "eager",
    }
    with pytest.raises(ApiError) as refused:
        await agent.notifications.set_rules(body)
    assert refused.value.status == 403
    assert (await shop.post("asha", "platter_view", 2)).prompt is None
    await shop.owner.notifications.set_rules(body)
    assert (await shop.post("asha", "platter_view")).prompt is not None
    (kept,) = (await shop.app.notifications.list("asha")).items
    assert (kept.rule_version, kept.why) == (2, "viewed 3 platters")
    answer = await shop.app.notifications.suppress("asha")
    assert (answer.suppressed_until - shop.backend.clock.now()).total_seconds() == 60


async def test_trigger(shop: Shop) -> None:
    async def told(cause: str | None = None, user: str = "asha") -> tuple[str | None, str | None]:
        answer = await shop.owner.notifications.trigger(NotificationTrigger(user_id=user, cause=cause))
        return (answer.notification.cause if answer.notification else None), answer.reason

    await shop.post("asha", "platter_view", 3)
    assert await told() == (None, "NO_RULE_FIRES")
    await shop.app.notifications.suppress("asha", Suppress(seconds=60))
    await shop.post("asha", "platter_view")
    assert await told() == (None, "SUPPRESSED")
    shop.backend.clock.advance(seconds=60)
    assert await told("payment_retries") == (None, "NO_RULE_FIRES")
    assert await told("platters_viewed") == ("platters_viewed", None)
    assert await told() == (None, "ALREADY_PROMPTED")
    assert len(await shop.events("asha", "notification.offered")) == 1
    await shop.post("asha", "session_end")
    assert await told() == (None, "NOT_IN_APP")
    for user, cause, status in (("asha", "no_such_cause", 422), ("nobody", None, 404)):
        with pytest.raises(ApiError) as refused:
            await told(cause, user)
        assert refused.value.status == status


async def test_trigger_says_by_its_status_whether_it_offered(shop: Shop) -> None:
    await shop.app.notifications.suppress((await shop.app.context.set_screen("asha", ScreenPut(screen="menu"))).user_id)
    await shop.post("asha", "platter_view", 4)
    send, headers = shop.app.transport.raw, {**shop.app.transport.headers, "idempotency-key": "k"}
    path, body = "/notifications/trigger", {"userId": "asha"}
    assert (await send("POST", path, json=body, headers=shop.app.transport.headers)).status_code == 200
    await shop.app.notifications.suppress("asha", Suppress(seconds=0))
    first, again = [await send("POST", path, json=body, headers=headers) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
