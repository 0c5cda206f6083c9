"""Webhooks: signed as Stripe's library wants them, tried again, in older shapes, and with mischief on the way."""

import asyncio
import json
from typing import Any

import pytest
import stripe
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.core.clock import FrozenClock, RealClock
from backend.demo.outside.serve import served
from backend.demo.outside.stripe import Mischief, Mishap, StripeDouble
from tests.support.stripe import client

Api = stripe.StripeClient
URL = "http://desk.example/webhooks/stripe"


class Door:
    """An endpoint that answers what it is told to."""

    def __init__(self) -> None:
        self.got: list[tuple[bytes, str]] = []
        self.status = 200

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        self.got.append((body, headers["Stripe-Signature"]))
        return self.status

    @property
    def types(self) -> list[str]:
        return [json.loads(body)["type"] for body, _ in self.got]


@pytest.fixture
def door() -> Door:
    return Door()


async def test_the_library_finds_the_signature_good(door: Door) -> None:
    double = StripeDouble(RealClock())
    endpoint, secret = double.endpoint(URL, ["customer.subscription.created"])
    double.subscribe(is_told=True)
    assert await double.deliver(door.post) == 1
    [(body, header)] = door.got
    event = stripe.Webhook.construct_event(body, header, secret)
    assert (event.type, event.api_version) == ("customer.subscription.created", "2026-10-28.endive")
    for tampered in (body.replace(b"active", b"paused"), body + b" "):
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(tampered, header, secret)
    newer = double.roll(endpoint, keep=3_600)
    double.subscribe(is_told=True)
    await double.deliver(door.post)
    body, header = door.got[-1]
    for one in (secret, newer):  # while it rolls, both are good
        assert stripe.Webhook.construct_event(body, header, one).type == "customer.subscription.created"
    for how in ("wrong_secret", "stale"):
        double.mail.mischief.append(Mischief(how))
        double.subscribe(is_told=True)
        await double.deliver(door.post)
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(*door.got[-1], newer)
    double.advance(hours=2)
    assert double.mail.secrets(double.account, endpoint) == [newer]


async def test_deliveries_go_astray_as_a_test_wants(double: StripeDouble, api: Api, door: Door) -> None:
    double.endpoint(URL, ["customer.subscription.created", "invoice.paid", "charge.succeeded"])
    double.mail.mischief += [
        Mischief("duplicate", on="charge.succeeded"),
        Mischief("reorder", on="invoice.paid"),
        Mischief("drop", on="customer.subscription"),
    ]
    double.subscribe(is_told=True)
    await double.deliver(door.post)
    assert door.types == ["charge.succeeded", "charge.succeeded", "invoice.paid"]
    assert door.got[0] == door.got[1]
    missed = (await api.v1.events.list_async({"delivery_success": False})).data
    assert [one.type for one in missed] == ["customer.subscription.created"]
    double.mail.mischief.append(Mischief("delay", on="invoice.paid", seconds=600))
    double.subscribe(is_told=True)
    await double.deliver(door.post)
    assert door.types[3:] == ["charge.succeeded", "customer.subscription.created"]
    [waiting] = (await api.v1.events.list_async({"delivery_success": False, "type": "invoice.paid"})).data
    assert waiting.pending_webhooks == 1
    double.advance(minutes=10)
    await double.deliver(door.post)
    assert door.types[5:] == ["invoice.paid"]


async def test_an_endpoint_that_fails_is_tried_again_three_times(double: StripeDouble, door: Door) -> None:
    double.endpoint(URL, ["invoice.paid"])
    double.subscribe(is_told=True)
    door.status = 500
    for _ in range(20):
        await double.deliver(door.post)
        double.advance(hours=1)
    assert len(door.got) == 4
    assert len({body for body, _ in door.got}) == 1
    assert len({header for _, header in door.got}) == 4  # each try is signed anew
    [paid] = double.told("invoice.paid")
    assert not double.mail.is_delivered(paid["id"])


async def test_an_endpoint_gets_the_shapes_of_its_version(double: StripeDouble, api: Api, door: Door) -> None:
    double.endpoint(URL, api_version="2024-06-20")
    sub = double.subscribe(coupon=double.coupon(10.0, duration="forever")["id"], is_told=True)
    double.advance(days=32)
    await double.deliver(door.post)
    events = [json.loads(body) for body, _ in door.got]
    assert {event["api_version"] for event in events} == {"2024-06-20"}
    renewed = [event["data"] for event in events if event["type"] == "customer.subscription.updated"][-1]
    assert renewed["previous_attributes"]["current_period_end"] == renewed["object"]["current_period_start"]
    [paid, *_] = [event["data"]["object"] for event in events if event["type"] == "invoice.paid"]
    assert paid["subscription"] == sub["id"]
    [discount] = [event["data"]["object"] for event in events if event["type"] == "customer.discount.created"]
    assert discount["coupon"]["percent_off"] == 10.0
    [newest] = (await api.v1.events.list_async({"type": "customer.subscription.updated"})).data
    assert "current_period_end" not in newest.data.object.to_dict()


async def test_connect_endpoints_hear_of_other_accounts(double: StripeDouble, door: Door) -> None:
    other = double.connect("acct_other")
    double.endpoint(URL, connect=True)
    double.subscribe(is_told=True)
    assert await double.deliver(door.post) == 0
    double.subscribe(is_told=True, book=other)
    other.tell("product.created", {"id": "prod_x", "object": "product"}, livemode=True)
    await double.deliver(door.post)
    assert {json.loads(body)["account"] for body, _ in door.got} == {"acct_other"}
    assert [json.loads(body)["livemode"] for body, _ in door.got][-1] is True
    double.disconnect("acct_other")
    await double.deliver(door.post)
    gone = json.loads(door.got[-1][0])
    assert (gone["type"], gone["account"]) == ("account.application.deauthorized", "acct_other")
    assert gone["data"]["object"]["object"] == "application"


async def test_on_a_port_it_answers_and_sends_as_over_the_network(double: StripeDouble) -> None:
    got: asyncio.Queue[tuple[bytes, str]] = asyncio.Queue()

    async def take(request: Request) -> Response:
        got.put_nowait((await request.body(), request.headers["stripe-signature"]))
        return Response(status_code=200)

    desk = Starlette(routes=[Route("/webhooks/stripe", take, methods=["POST"])])
    async with served(double) as url, served(desk) as address, double.sending():
        bases: Any = {"api": url, "connect": url}
        http = stripe.HTTPXClient(timeout=0.5)
        api = stripe.StripeClient(double.key, http_client=http, base_addresses=bases)
        made = await api.v1.webhook_endpoints.create_async(
            {"url": f"{address}/webhooks/stripe", "enabled_events": ["coupon.created"]}
        )
        coupon = await api.v1.coupons.create_async({"percent_off": 10, "duration": "once"})
        body, header = await asyncio.wait_for(got.get(), 10)
        stripe.WebhookSignature.verify_header(body, header, str(made.secret))
        assert json.loads(body)["data"]["object"]["id"] == coupon.id
        for how in ("drop", "timeout"):
            double.mishaps.append(Mishap(how, on="POST /v1/coupons", is_done=True))
            with pytest.raises(stripe.APIConnectionError):
                await api.v1.coupons.create_async({"percent_off": 20, "duration": "once"}, {"idempotency_key": how})
            again = await api.v1.coupons.create_async({"percent_off": 20, "duration": "once"}, {"idempotency_key": how})
            assert again.percent_off == 20
            assert len(double.changes(key=how)) == 1
        now = double.now()
        moved = await http._client_async.post(f"{url}/_fake/advance", json={"days": 2})
        assert moved.json()["now"] == double.now() == now + 2 * 86_400
        await http.close_async()
    assert not double.mail.mischief


async def test_a_clock_that_runs_by_itself_is_run_ahead_of() -> None:
    double = StripeDouble(RealClock())
    api = client(double)
    sub = double.subscribe(trial_days=2)
    double.advance(days=3)
    assert (await api.v1.subscriptions.retrieve_async(sub["id"])).status == "active"
    frozen = FrozenClock()
    other = StripeDouble(frozen)
    trial = other.subscribe(trial_days=2)
    frozen.advance(days=3)  # whoever moves it: the next request finds what fell due
    assert (await client(other).v1.subscriptions.retrieve_async(trial["id"])).status == "active"
