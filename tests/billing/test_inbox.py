"""Stripe's webhooks: who is believed, kept once, and understood whatever goes wrong."""

import asyncio
import random
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.billing.gateway import Gateway
from backend.billing.models import StripeAccount, StripeEvent
from backend.core.ids import new_id
from backend.demo.outside.stripe import Mischief, Mishap
from tests.billing.conftest import Billing
from tests.support.backend import Backend, business_of

pytestmark = [pytest.mark.alike, pytest.mark.settings(token_days=4_000)]


def event(id: str = "evt_1", type: str = "customer.subscription.updated", **more: Any) -> dict[str, Any]:
    told = {"object": {"id": "sub_nowhere", "object": "subscription"}}
    return {
        "id": id,
        "object": "event",
        "type": type,
        "created": 1_772_400_000,
        "livemode": False,
        "data": told,
        **more,
    }


async def test_an_event_that_comes_twenty_times_at_once_is_kept_once(billing: Billing) -> None:
    await billing.begin()
    sub = billing.stripe.subscribe(is_told=True)
    (told,) = billing.stripe.told("customer.subscription.created")
    answers = await asyncio.gather(*(billing.post(told) for _ in range(20)))
    assert [answer.status_code for answer in answers] == [200] * 20
    assert sorted(answer.json()["duplicate"] for answer in answers) == [False] + [True] * 19
    await billing.backend.drain()
    assert (await billing.post(told)).json() == {"received": True, "duplicate": True}
    assert len(await billing.rows(StripeEvent)) == 1
    assert (await billing.told()).count("subscription.started") == 1
    assert (await billing.subscription(sub["id"])).version == 1


async def test_only_what_the_secret_signed_lately_is_believed(billing: Billing) -> None:
    await billing.begin()
    assert (await billing.post(event(), secret="whsec_other")).status_code == 401
    assert (await billing.post(event(), late=301)).json()["error"]["code"] == "SIGNATURE_EXPIRED"
    assert (await billing.post(event(), late=-3_600)).json()["error"]["code"] == "SIGNATURE_EXPIRED"
    assert (await billing.post(event(), late=299)).status_code == 200
    unsigned = await billing.http.post("/webhooks/stripe", content=b"{}", headers={"Stripe-Signature": "t=1,v0=ab"})
    assert unsigned.status_code == 401
    assert (await billing.http.post("/webhooks/stripe", content=b"{}")).status_code == 401
    assert (await billing.post(b"[]")).json()["error"]["code"] == "MALFORMED_BODY"
    assert (await billing.post(b"{not json")).status_code == 400
    assert (await billing.post(event(id=""))).status_code == 400
    assert len(await billing.rows(StripeEvent)) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_while_a_secret_is_rolled_both_are_believed(billing: Billing) -> None:
    await billing.begin()
    new = billing.stripe.roll(billing.endpoint, keep=3_600)
    billing.backend.settings.stripe_webhook_secret = type(billing.backend.settings.stripe_webhook_secret)(
        f"{billing.secret}, {new}"
    )
    billing.backend.runtime.trust.forget()
    billing.stripe.subscribe(is_told=True)
    await billing.deliver()
    assert set(billing.statuses) == {200}
    assert (await billing.post(event(), secret=new)).status_code == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_is_not_for_this_account_is_answered_and_not_kept(billing: Billing) -> None:
    await billing.begin()
    assert (await billing.post(event(livemode=True))).json()["ignored"] == "livemode"
    assert (await billing.post(event(account="acct_stranger"))).json()["ignored"] == "account"
    assert await billing.rows(StripeEvent) == []
    unknown = await billing.post(event(type="tax.settings.updated"))
    assert unknown.json() == {"received": True, "duplicate": False}
    await billing.backend.drain()
    (row,) = await billing.rows(StripeEvent)
    assert (row.type, row.outcome) == ("tax.settings.updated", "ignored")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_without_a_secret_webhooks_are_refused_with_what_to_set(backend: Backend) -> None:
    await backend.owner()
    import httpx

    async with httpx.AsyncClient(transport=httpx.ASGITransport(backend.app), base_url="http://x") as http:
        answer = await http.post("/webhooks/stripe", content=b"{}")
    assert answer.status_code == 503
    assert "HOLDFAST_STRIPE_WEBHOOK_SECRET" in answer.json()["error"]["message"]


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_shuffled_storm_leads_to_what_stripe_shows(billing: Billing, seed: int) -> None:
    """Every event twice, in any order, old snapshots after new ones, while jobs are at work."""
    await billing.begin()
    chance, stripe = random.Random(seed), billing.stripe
    plans = [stripe.plan("Lunch", 1_200), stripe.plan("Dinner", 3_000, interval="year")]
    subs = [stripe.subscribe(price=plans[number % 2], is_told=True) for number in range(4)]
    for told in stripe.told("customer.subscription.created"):
        await billing.post(told)
    await billing.backend.drain()
    for number in range(12):
        sub = chance.choice(subs)["id"]
        choices: list[dict[str, Any]] = [
            {"pause_collection": {"behavior": "void"}},
            {"pause_collection": ""},
            {"cancel_at_period_end": True},
            {"cancel_at_period_end": False},
        ]
        await billing.call("post", f"subscriptions/{sub}", **chance.choice(choices))
        if number % 4 == 3:
            stripe.advance(days=9)
    await billing.call("delete", f"subscriptions/{subs[0]['id']}")
    storm = 2 * list(stripe.told())
    chance.shuffle(storm)
    for start in range(0, len(storm), 10):
        answers = await asyncio.gather(*(billing.post(one) for one in storm[start : start + 10]))
        assert {answer.status_code for answer in answers} == {200}
        if chance.random() < 0.5:
            await billing.backend.drain()
    await billing.backend.drain()
    mirror = await billing.mirror()
    assert None not in await billing.outcomes()
    events = await billing.told()
    await billing.read_all()
    assert await billing.mirror() == mirror
    assert await billing.told() == events  # nothing was left to be repaired
    assert events.count("subscription.started") == 4
    assert events.count("subscription.ended") == 1
    paid = [one for one in stripe.told("invoice.paid") if one["data"]["object"]["amount_paid"] > 0]
    assert events.count("subscription.invoice_paid") == len(paid)


async def test_what_was_answered_before_a_kill_is_understood_after_it(billing: Billing) -> None:
    await billing.begin()
    sub = billing.stripe.subscribe(is_told=True)
    await billing.stripe.deliver(billing._post)
    assert set(billing.statuses) == {200}
    old = billing.backend
    await old.runtime.worker.stop()  # type: ignore[union-attr]
    old.runtime.worker = None
    async with Backend(old.url, old.settings.data_dir, stripe_secret_key=billing.stripe.key) as reborn:
        reborn.clock.advance(seconds=(old.clock.now() - reborn.clock.now()).total_seconds())
        reborn.runtime.stripe = old.runtime.stripe
        await reborn.drain()
    assert (await billing.subscription(sub["id"])).status == "active"
    assert None not in await billing.outcomes()


@pytest.mark.parametrize(
    "mishap",
    [
        Mishap("throttle", on="GET /v1/subscriptions/", times=9, seconds=1),
        Mishap("break", on="GET /v1/subscriptions/", times=9),
        Mishap("timeout", on="GET /v1/subscriptions/", times=9),
        Mishap("drop", on="GET /v1/subscriptions/", times=9),
    ],
    ids=lambda mishap: mishap.how,
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_refetch_that_fails_is_tried_until_it_succeeds(billing: Billing, mishap: Mishap) -> None:
    await billing.begin()
    sub = billing.stripe.subscribe(is_told=True)
    billing.stripe.mishaps.append(mishap)
    (told,) = billing.stripe.told("customer.subscription.created")
    await billing.post(told)
    await billing.backend.drain()
    (row,) = await billing.rows(StripeEvent)
    assert (row.processed_at, row.attempts) == (None, 1)
    assert "Stripe" in row.error
    owner = await billing.backend.owner()
    account = await owner.stripe.show((await owner.identity.me()).business.id)
    assert account.unprocessed == 1
    assert account.error is not None
    for _ in range(3):
        billing.backend.clock.advance(minutes=5)
        await billing.backend.drain()
    row = next(row for row in await billing.rows(StripeEvent) if row.stripe_event_id == told["id"])
    assert (row.outcome, row.error) == ("applied", None)
    assert (await billing.subscription(sub["id"])).status == "active"


async def test_events_that_no_webhook_told_are_found_in_the_list(billing: Billing) -> None:
    await billing.begin()
    billing.stripe.mail.mischief.append(Mischief("drop", times=1_000))
    sub = billing.stripe.subscribe(is_told=True)
    await billing.deliver()
    assert await billing.rows(StripeEvent) == []
    await billing.read_changes()
    assert (await billing.subscription(sub["id"])).status == "active"
    listed = await billing.rows(StripeEvent)
    assert {row.came_by for row in listed} == {"list"}
    billing.stripe.mail.mischief.clear()
    await billing.call("post", f"subscriptions/{sub['id']}", cancel_at_period_end=True)
    await billing.deliver()
    before = len(await billing.rows(StripeEvent))
    await billing.read_changes()  # reads with an overlap, and knows all of it
    assert len(await billing.rows(StripeEvent)) == before
    assert (await billing.subscription(sub["id"])).cancel_at_period_end is True


async def test_what_happens_while_the_list_is_read_is_found_by_the_next_reading(
    billing: Billing, monkeypatch: pytest.MonkeyPatch
) -> None:
    sub = billing.stripe.subscribe()
    await billing.begin()
    page, asked = Gateway.page, list[str]()

    async def slow(gateway: Gateway, path: str, after: str | None = None, **filters: Any) -> Any:
        answer = await page(gateway, path, after, **filters)
        asked.append(path)
        if asked == ["events"]:  # those of subscriptions are read
            await billing.call("post", f"subscriptions/{sub['id']}", cancel_at_period_end=True)
            billing.backend.clock.advance(minutes=15)
            billing.stripe.subscribe(is_told=True)
        return answer

    monkeypatch.setattr(Gateway, "page", slow)
    await billing.read_changes()
    assert (await billing.subscription(sub["id"])).cancel_at_period_end is False
    await billing.read_changes()
    assert (await billing.subscription(sub["id"])).cancel_at_period_end is True


async def test_another_business_cannot_speak_for_a_connected_account(billing: Billing) -> None:
    """Its own secret, which its admins chose, vouches for itself alone; the platform's vouches for whoever connected."""
    await billing.begin()
    other = await billing.backend.another_owner()
    rival, business = await business_of(other), await business_of(await billing.backend.owner())

    def connected(session: Session) -> None:
        (mine,) = session.scalars(select(StripeAccount).where(StripeAccount.business_id == business))
        mine.mode, mine.stripe_account_id = "connect", "acct_victim"
        sealed = billing.backend.runtime.vault.seal({"key": "rk_test_rival", "webhook_secrets": ["whsec_rival"]})
        about = {"stripe_account_id": "acct_rival", "mode": "key", "is_live": False}
        session.add(
            StripeAccount(
                id=new_id(), business_id=rival, sealed=sealed, connected_at=billing.backend.clock.now(), **about
            )
        )

    await billing.backend.runtime.database.write(connected)
    billing.backend.runtime.trust.forget()
    end = event(type="account.application.deauthorized", account="acct_victim")
    forged = await billing.post(end, secret="whsec_rival", business=rival)
    assert (forged.status_code, forged.json()["error"]["code"]) == (401, "SIGNATURE_INVALID")
    await billing.backend.drain()
    (row,) = [one for one in await billing.rows(StripeAccount) if one.business_id == business]
    assert row.disconnected_at is None
    assert (await billing.post(end)).json()["received"] is True
    await billing.backend.drain()
    (row,) = [one for one in await billing.rows(StripeAccount) if one.business_id == business]
    assert row.disconnected_at is not None
