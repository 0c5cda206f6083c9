"""The app's own line: one customer's notifications, by API key, over a WebSocket."""

import asyncio

import pytest

from backend.identity.schemas import KeyCreate
from tests.signals.conftest import Shop
from tests.support.socket import Socket


def line(shop: Shop, user: str = "asha", after: int | None = None, key: str | None = "app") -> Socket:
    path = f"/notifications/{user}/live" + ("" if after is None else f"?after={after}")
    return Socket(shop.backend.app, path, key=shop.app.transport.api_key if key == "app" else key)


async def test_only_that_customers_and_in_order(shop: Shop) -> None:
    await shop.post("asha", "platter_view")
    async with line(shop) as socket:
        assert (await socket.next())["kind"] == "hello"
        await shop.post("ravi", "platter_view", 4)
        prompt = (await shop.post("asha", "platter_view", 3)).prompt
        assert prompt is not None
        await shop.app.notifications.see(prompt.id)
        frames = [await socket.next() for _ in range(2)]
        assert [(one["kind"], one["notification"]["state"]) for one in frames] == [
            ("notification", "OFFERED"),
            ("notification", "SEEN"),
        ]
        assert {one["notification"]["userId"] for one in frames} == {"asha"}
        polled = await shop.app.notifications.list("asha")
        assert frames[1]["notification"] == polled.items[0].model_dump(mode="json", by_alias=True)
    async with line(shop, after=frames[0]["seq"]) as socket:  # what was missed, once
        await socket.next("hello")
        assert (await socket.next())["seq"] == frames[1]["seq"]
        other = (await shop.post("asha", "customization", 6)).prompt
        assert other is not None
        assert (await socket.next())["notification"]["id"] == other.id
    async with line(shop) as socket:  # without a seq: what is to be shown
        await socket.next("hello")
        assert (await socket.next())["notification"]["id"] == other.id


@pytest.mark.settings(heartbeat_seconds=0.05)
async def test_heartbeats_until_the_key_is_revoked(shop: Shop) -> None:
    await shop.post("asha", "platter_view")
    made = await shop.owner.keys.create(KeyCreate(name="phone", scopes=["notifications"]))
    async with line(shop, key=made.key) as socket:
        await socket.next("hello")
        await socket.next("heartbeat")
        await shop.owner.keys.revoke(made.id)
        async with asyncio.timeout(4):
            await socket.closed.wait()
        assert socket.close_code == 4001
    async with line(shop) as socket:
        await socket.next("heartbeat")
        await shop.owner.customers.erase("asha")
        async with asyncio.timeout(4):
            await socket.closed.wait()
        assert socket.close_code == 4004


async def test_who_is_not_let_in(shop: Shop) -> None:
    await shop.post("asha", "platter_view")
    narrow = await shop.backend.key("context")
    async with line(shop, key=narrow.transport.api_key) as socket:
        assert (socket.status, socket.refusal["error"]["code"]) == (403, "SCOPE_MISSING")
    async with line(shop, key="garbage") as socket:
        assert socket.status == 401
    async with line(shop, key=None) as socket:
        socket.say({"key": narrow.transport.api_key})
        await asyncio.wait_for(socket.closed.wait(), 2)
        assert socket.close_code == 4001
    async with line(shop, "nobody") as socket:
        assert (socket.status, socket.refusal["error"]["code"]) == (404, "NOT_FOUND")
    async with line(shop, "nobody", key=None) as socket:
        socket.say({"key": shop.app.transport.api_key})
        await asyncio.wait_for(socket.closed.wait(), 2)
        assert socket.close_code == 4004
    async with line(shop, key=None) as socket:
        socket.say({"key": shop.app.transport.api_key})
        assert (await socket.next())["kind"] == "hello"


@pytest.mark.settings(live_per_customer=2)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_one_line_too_many_of_a_customer_is_refused(shop: Shop) -> None:
    await shop.post("asha", "platter_view")
    await shop.post("ravi", "platter_view")
    async with line(shop) as first, line(shop) as second, line(shop, "ravi") as other:
        for socket in (first, second, other):
            await socket.next("hello")
        async with line(shop) as third:
            await asyncio.wait_for(third.closed.wait(), 2)
            assert third.close_code == 4029
        assert not first.closed.is_set()
        assert not second.closed.is_set()
    async with line(shop) as again:
        await again.next("hello")
