"""Reading everything again: what was dropped is repaired, what is gone is found, and a kill costs a page at most."""

import pytest

from backend.billing.gateway import TRIES
from backend.billing.models import Dispute, Invoice, StripeAccount
from backend.billing.schemas import SyncAsked
from backend.billing.syncing import EVENTS_LAST
from backend.demo.outside.stripe import Mischief, Mishap
from tests.billing.conftest import Billing
from tests.support.backend import business_of

pytestmark = [pytest.mark.alike, pytest.mark.settings(token_days=4_000)]


async def test_what_no_event_tells_is_repaired_in_the_night(billing: Billing) -> None:
    await billing.begin()
    stripe = billing.stripe
    sub = stripe.subscribe()
    await billing.read_all()
    stripe.account.is_quiet = True
    stripe.mail.mischief.append(Mischief("drop", times=1_000))
    await billing.call("post", f"subscriptions/{sub['id']}", pause_collection={"behavior": "void"})
    gone = stripe.subscribe()
    await billing.read_all()
    stripe.account.rows("subscription").remove(gone["id"])
    assert (await billing.subscription(sub["id"])).paused_behavior == "void"
    wanted = {"subscription.changed", "subscription.started", "subscription.invoice_paid"}
    assert set((await billing.told())[-3:]) == wanted
    await billing.read_all()
    row = await billing.subscription(gone["id"])
    assert (row.status, row.mrr) == ("canceled", 0)
    assert row.gone_at is not None
    api = await billing.backend.owner()
    assert (await api.subscriptions.show(gone["id"])).freshness == "GONE"
    assert (await billing.told())[-1] == "subscription.ended"


@pytest.mark.parametrize("fails", [False, True])
async def test_everything_is_read_though_a_short_reading_is_wanted_meanwhile(billing: Billing, fails: bool) -> None:
    await billing.begin()
    gone = billing.stripe.subscribe()
    await billing.read_all()
    billing.stripe.account.rows("subscription").remove(gone["id"])  # which only a full reading finds
    owner = await billing.backend.owner()
    business_id = await business_of(owner)
    await owner.stripe.sync(business_id, SyncAsked(is_full=True))
    if fails:
        billing.stripe.mishaps.append(Mishap("drop", on="GET /v1/events", times=TRIES))
        await billing.backend.drain()
    await owner.stripe.sync(business_id, SyncAsked())
    await billing.backend.drain()
    billing.backend.clock.advance(minutes=2)
    await billing.backend.drain()
    assert (await billing.subscription(gone["id"])).gone_at is not None


async def test_a_relist_goes_on_where_it_was_cut_off(billing: Billing) -> None:
    await billing.backend.owner()
    ids = billing.stripe.subscribe_many(320)
    # From the third page on Stripe is down, for longer than a job tries.
    billing.stripe.mishaps.append(Mishap("delay", on="GET /v1/subscriptions$", times=2))
    billing.stripe.mishaps.append(Mishap("drop", on="GET /v1/subscriptions$", times=5))
    await billing.read_all()
    place = await billing.place()
    assert place is not None
    assert (place.stage, place.done) == ("subscriptions", 200)
    before = len([asked for asked in billing.stripe.requests if asked.startswith("GET /v1/subscriptions?")])
    billing.backend.clock.advance(minutes=2)
    await billing.backend.drain()
    assert await billing.place() is None
    pages = [asked for asked in billing.stripe.requests if asked.startswith("GET /v1/subscriptions?")][before:]
    assert len(pages) == 2  # the third and the fourth, none of the first two again
    assert set(await billing.mirror()) == set(ids)
    (account,) = await billing.rows(StripeAccount)
    assert account.relisted_at is not None
    assert account.error is None
    assert "subscription.started" not in await billing.told()  # what an account had before is no news


async def test_who_was_away_for_a_month_lists_everything(billing: Billing) -> None:
    await billing.begin()
    sub = billing.stripe.subscribe()
    await billing.read_all()
    billing.stripe.mail.mischief.append(Mischief("drop", times=1_000))
    await billing.call("post", f"subscriptions/{sub['id']}", cancel_at_period_end=True)
    billing.stripe.advance(days=EVENTS_LAST.days + 5)
    assert billing.stripe.told("customer.subscription.updated") != []
    await billing.read_changes()
    assert (await billing.subscription(sub["id"])).status == "canceled"
    paid = {invoice.stripe_invoice_id for invoice in await billing.rows(Invoice)}
    assert {one["id"] for one in billing.stripe.account.rows("invoice")} == paid


async def test_disputes_and_refunds_reach_the_invoice_they_are_about(billing: Billing) -> None:
    await billing.begin()
    stripe = billing.stripe
    sub = stripe.subscribe(is_told=True)
    await billing.deliver()
    (charge,) = stripe.account.rows("charge")
    dispute = stripe.dispute(charge["id"])
    await billing.deliver()
    (invoice,) = await billing.rows(Invoice)
    assert invoice.disputed == charge["amount"]
    assert (await billing.subscription(sub["id"])).is_disputed is True
    stripe.decide(dispute["id"], "won")
    await billing.deliver()
    (invoice,), (row,) = await billing.rows(Invoice), await billing.rows(Dispute)
    assert (invoice.disputed, row.status) == (0, "won")
    assert (await billing.subscription(sub["id"])).is_disputed is False
    told = [type for type in await billing.told() if "dispute" in type]
    assert told == ["subscription.dispute_opened", "subscription.dispute_closed"]
    stripe.mail.mischief.append(Mischief("drop", times=1_000))
    other = stripe.subscribe(is_told=True)
    (paid,) = [one for one in stripe.account.rows("charge") if one["customer"] == other["customer"]]
    await billing.call("post", "refunds", charge=paid["id"], amount=900)
    await billing.read_all()
    refunded = {invoice.subscription_id: invoice.refunded for invoice in await billing.rows(Invoice)}
    assert refunded[(await billing.subscription(other["id"])).id] == 900


async def test_a_refund_that_fails_is_given_back_no_more(billing: Billing) -> None:
    await billing.begin()
    billing.stripe.subscribe(is_told=True)
    await billing.deliver()
    (charge,) = billing.stripe.account.rows("charge")
    await billing.call("post", "refunds", charge=charge["id"], amount=500)
    await billing.deliver()
    assert (await billing.rows(Invoice))[0].refunded == 500
    billing.stripe.account.change("charge.updated", charge, amount_refunded=0)  # the bank sent it back
    await billing.deliver()
    assert (await billing.rows(Invoice))[0].refunded == 0
