"""How requests are answered: pages, idempotency keys, errors, versions, and what a test makes go wrong."""

import asyncio
from typing import Any

import pytest
import stripe

from backend.demo.outside.stripe import Mishap, StripeDouble
from tests.support.stripe import client

Api = stripe.StripeClient


async def test_pages_have_the_newest_first_and_keep_their_filters(double: StripeDouble, api: Api) -> None:
    ids = double.subscribe_many(250, days=10)
    whole = [one.id async for one in (await api.v1.subscriptions.list_async({"limit": 100})).auto_paging_iter()]
    assert whole == ids[::-1]
    assert sum("starting_after" in asked for asked in double.requests) == 2
    since = double.now() - 2 * 86_400
    listed = await api.v1.subscriptions.list_async({"limit": 30, "created": {"gte": since}})
    recent = [one async for one in listed.auto_paging_iter()]
    assert len(recent) == 50
    assert all(one.created >= since for one in recent)
    page = await api.v1.subscriptions.list_async({"limit": 3, "ending_before": whole[10]})
    assert [one.id for one in page.data] == whole[7:10]
    assert page.has_more
    customer = double.subscription(ids[7])["customer"]
    assert [one.id for one in (await api.v1.subscriptions.list_async({"customer": customer})).data] == [ids[7]]
    with pytest.raises(stripe.InvalidRequestError, match="No such subscription"):
        await api.v1.subscriptions.list_async({"starting_after": "sub_nobody"})
    with pytest.raises(stripe.InvalidRequestError, match="limit"):
        await api.v1.subscriptions.list_async({"limit": 101})


async def test_a_key_answers_the_first_result_again_and_no_other_request(double: StripeDouble, api: Api) -> None:
    make = api.v1.coupons.create_async
    once: Any = {"percent_off": 10, "duration": "once"}
    first = await make(once, {"idempotency_key": "k1"})
    again = await make(once, {"idempotency_key": "k1"})
    assert again.id == first.id
    assert again.last_response.headers["idempotent-replayed"] == "true"
    assert len(double.changes("POST /v1/coupons")) == 1
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        await make(once | {"percent_off": 20}, {"idempotency_key": "k1"})
    with pytest.raises(stripe.InvalidRequestError):
        await make(once | {"percent_off": 200}, {"idempotency_key": "k2"})
    assert (await make(once | {"percent_off": 20}, {"idempotency_key": "k2"})).percent_off == 20  # nothing was kept
    double.advance(hours=24)
    assert (await make(once, {"idempotency_key": "k1"})).id != first.id


async def test_a_500_is_replayed_and_what_was_done_stays_done(double: StripeDouble, api: Api) -> None:
    once: Any = {"percent_off": 10, "duration": "once"}
    double.mishaps.append(Mishap("break", on="POST /v1/coupons$", is_done=True))
    for _ in range(2):
        with pytest.raises(stripe.APIError) as broken:
            await api.v1.coupons.create_async(once, {"idempotency_key": "k"})
        assert broken.value.http_status == 500
    assert len(double.changes()) == 1 == len((await api.v1.coupons.list_async()).data)


async def test_the_second_of_two_at_once_is_a_conflict(double: StripeDouble, api: Api) -> None:
    double.mishaps.append(Mishap("delay", seconds=0.05))
    once: Any = {"percent_off": 10, "duration": "once"}
    asked = (api.v1.coupons.create_async(once, {"idempotency_key": "k"}) for _ in range(2))
    done = await asyncio.gather(*asked, return_exceptions=True)
    [refused] = [one for one in done if isinstance(one, stripe.StripeError)]
    assert (refused.http_status, refused.error.code) == (409, "idempotency_key_in_use")
    assert len(double.changes()) == 1


async def test_after_a_dropped_connection_the_key_finds_what_was_done(double: StripeDouble, api: Api) -> None:
    sub = double.subscribe()
    for how in ("drop", "timeout"):
        double.mishaps.append(Mishap(how, on=f"POST /v1/subscriptions/{sub['id']}", is_done=True))
        with pytest.raises(stripe.APIConnectionError):
            await api.v1.subscriptions.update_async(sub["id"], {"metadata": {"how": how}}, {"idempotency_key": how})
        found = await api.v1.subscriptions.update_async(sub["id"], {"metadata": {"how": how}}, {"idempotency_key": how})
        assert found.metadata["how"] == how
        assert len(double.changes(key=how)) == 1
    double.mishaps.append(Mishap("drop"))  # before anything was done
    with pytest.raises(stripe.APIConnectionError):
        await api.v1.subscriptions.update_async(sub["id"], {"metadata": {"how": "never"}})
    assert sub["metadata"] == {"how": "timeout"}


async def test_a_throttled_request_says_why_and_the_library_does_not_try_again(double: StripeDouble) -> None:
    api = client(double, max_network_retries=2)
    double.mishaps.append(Mishap("throttle", on="GET /v1/coupons", seconds=2, reason="endpoint-rate"))
    with pytest.raises(stripe.RateLimitError) as throttled:
        await api.v1.coupons.list_async()
    headers: Any = throttled.value.headers
    assert (headers["stripe-rate-limited-reason"], headers["retry-after"]) == ("endpoint-rate", "2")
    assert len(double.requests) == 1
    double.mishaps.append(Mishap("conflict", on="POST"))
    await api.v1.coupons.create_async({"percent_off": 10, "duration": "once"})
    assert [change.status for change in double.log] == [409, 200]
    assert len(double.changes()) == 1


async def test_more_requests_than_a_second_may_have_are_throttled(double: StripeDouble, api: Api) -> None:
    double.most_per_second = 3
    asked = (api.v1.coupons.create_async({"percent_off": 5, "duration": "once"}) for _ in range(5))
    done = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(one, stripe.RateLimitError) for one in done) == 2
    assert len(double.changes()) == 3


async def test_errors_are_as_stripe_writes_them(double: StripeDouble, api: Api) -> None:
    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key"):
        await client(double, "sk_test_nobody").v1.customers.list_async()
    with pytest.raises(stripe.InvalidRequestError) as missing:
        await api.v1.customers.retrieve_async("cus_nobody")
    assert (missing.value.http_status, missing.value.code, missing.value.param) == (404, "resource_missing", "id")
    with pytest.raises(stripe.InvalidRequestError) as named:
        await api.v1.subscriptions.create_async({"customer": "cus_nobody", "items": [{"price": "price_x"}]})
    assert (named.value.http_status, named.value.param) == (400, "customer")
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
        await api.raw_request_async("get", "/v1/nothing")


async def test_a_preview_is_no_change(double: StripeDouble, api: Api) -> None:
    sub = double.subscribe()
    await api.v1.invoices.create_preview_async({"subscription": sub["id"]})
    assert [change.is_done for change in double.log] == [False]
    assert double.changes() == []
