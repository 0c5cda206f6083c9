"""Whose account it is: keys of the settings, keys of a business, what they lack, and who sees what."""

import pytest

from backend.billing import accounts
from backend.billing.models import StripeAccount, StripeEvent, Subscription
from backend.billing.schemas import AccountConnect, SyncAsked
from backend.billing.scopes import SCOPES, missing_scopes
from backend.client import ApiError, Client
from tests.billing.conftest import Billing
from tests.support.backend import business_of

pytestmark = pytest.mark.alike


async def connected(billing: Billing, client: Client, key: str, *secrets: str) -> str:
    """Connect the client's business by a key of its own; the business."""
    business = await business_of(client)
    await client.stripe.connect(business, AccountConnect(key=key, webhook_secrets=list(secrets)))
    await billing.backend.drain()
    return business


async def test_each_business_sees_what_its_own_key_shows(billing: Billing) -> None:
    await billing.begin()
    other = await billing.backend.another_owner()
    book = billing.stripe.open("acct_other")
    key = billing.stripe.restricted_key("subscription_write", "event_read", "customer_read", book=book)
    billing.stripe.subscribe()
    theirs = billing.stripe.subscribe(book=book)
    everything = billing.stripe.restricted_key(*EVERYTHING, book=book)
    assert key != everything
    business = await connected(billing, other, everything, "whsec_theirs")
    await billing.read_all()
    mine, found = await (await billing.backend.owner()).subscriptions.list(), await other.subscriptions.list()
    assert [one.stripe_subscription_id for one in found.items] == [theirs["id"]]
    assert theirs["id"] not in [one.stripe_subscription_id for one in mine.items]
    with pytest.raises(ApiError, match="no subscription"):
        await (await billing.backend.owner()).subscriptions.show(theirs["id"])
    told = {"id": "evt_9", "type": "customer.subscription.updated", "livemode": False, "data": {"object": {"id": "s"}}}
    assert (await billing.post(told, secret="whsec_theirs", business=business)).status_code == 200
    assert (await billing.post(told, secret="whsec_theirs")).status_code == 401  # it speaks for nobody else
    assert (await billing.post(told, business=business)).status_code == 401
    (row,) = await billing.rows(StripeEvent)
    assert row.business_id == business


EVERYTHING = [
    f"{what}_write"
    for what in (
        "subscription customer product price plan coupon invoice charge refund dispute event subscription_schedule"
        " invoice_payment payment_intent promotion_code payout balance_transaction account"
    ).split()
]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_key_is_kept_sealed_and_forgotten(billing: Billing) -> None:
    await billing.begin()
    other = await billing.backend.another_owner()
    key = billing.stripe.restricted_key(*EVERYTHING)
    business = await connected(billing, other, key, "whsec_theirs")
    row = next(row for row in await billing.rows(StripeAccount) if row.business_id == business)
    assert key not in row.sealed
    shown = await other.stripe.show(business)
    assert (shown.is_connected, shown.mode, shown.account_id) == (True, "key", "acct_double")
    assert shown.has_webhook_secret is True
    assert key not in shown.model_dump_json()
    with pytest.raises(ApiError, match="connected already"):
        await other.stripe.connect(business, AccountConnect(key=key))
    await other.stripe.disconnect(business)
    row = next(row for row in await billing.rows(StripeAccount) if row.business_id == business)
    assert row.sealed is None
    assert (await other.stripe.show(business)).is_connected is False
    with pytest.raises(ApiError, match="No Stripe account"):
        await other.stripe.sync(business, SyncAsked())
    with pytest.raises(ApiError, match="Stripe does not take this key"):
        await other.stripe.connect(business, AccountConnect(key="rk_test_nobodys"))
    member = await billing.backend.member("agent")
    with pytest.raises(ApiError, match="admin"):
        await member.stripe.show(await business_of(member))
    with pytest.raises(ApiError):
        await other.stripe.show(await business_of(member))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_a_key_may_not_do_is_told_one_by_one(billing: Billing) -> None:
    await billing.begin()
    units = await billing.backend.units()
    assert await missing_scopes(await accounts.reach(units)) == []
    subs = billing.stripe.subscribe()
    before = billing.stripe.subscription(subs["id"])
    from backend.billing.gateway import Door

    weak = billing.stripe.restricted_key(
        "subscription_read", "customer_read", "event_read", "product_read", "price_read"
    )
    missing = await missing_scopes(billing.backend.runtime.stripe.open(Door("b", weak, None, False)))
    assert "subscriptions (write)" in missing
    assert "disputes (read)" in missing
    assert "subscriptions (read)" not in missing
    assert set(missing) < set(SCOPES)
    assert billing.stripe.subscription(subs["id"]) == before
    assert [one for one in billing.stripe.log if one.is_done and one.path.startswith("/v1/coupons")] == []


async def test_who_lost_access_is_stopped_and_still_read(billing: Billing) -> None:
    await billing.begin()
    billing.stripe.subscribe()
    await billing.read_all()
    units = await billing.backend.units()
    await units.write(_as_connect)
    told = {
        "id": "evt_gone",
        "type": "account.application.deauthorized",
        "livemode": False,
        "account": "acct_gone",
        "data": {"object": {"id": "ca_1", "object": "application"}},
    }
    assert (await billing.post(told)).json()["received"] is True
    await billing.backend.drain()
    owner = await billing.backend.owner()
    shown = await owner.stripe.show(await business_of(owner))
    assert shown.is_connected is False
    asked = len(billing.stripe.requests)
    with pytest.raises(ApiError, match="No Stripe account"):
        await owner.stripe.sync(await business_of(owner), SyncAsked())
    await billing.backend.drain()
    assert len(billing.stripe.requests) == asked
    (one,) = (await owner.subscriptions.list()).items
    assert one.freshness == "STALE"
    assert "stripe_account.disconnected" in await billing.told("stripe_account.")


def _as_connect(work: object) -> None:
    from backend.billing import repository

    row = repository.account(work.session, work.business_id)  # type: ignore[attr-defined]
    assert row is not None
    row.mode, row.stripe_account_id = "connect", "acct_gone"


async def test_an_erased_customer_stays_erased_whatever_stripe_tells(billing: Billing) -> None:
    await billing.begin()
    payer = billing.stripe.customer("asha@example.com", "Asha Rao")
    sub = billing.stripe.subscribe(payer, is_told=True)
    await billing.call("post", f"customers/{payer['id']}", phone="+91 98765 43210")
    await billing.deliver()
    owner = await billing.backend.owner()
    (one,) = (await owner.subscriptions.list()).items
    kept = b"".join(row.body for row in await billing.rows(StripeEvent))
    assert b"asha@example.com" in kept
    await owner.customers.erase(one.customer.id)
    kept = b"".join(row.body for row in await billing.rows(StripeEvent))
    assert b"asha" not in kept.lower()
    assert b"98765" not in kept
    await billing.call("post", f"subscriptions/{sub['id']}", cancel_at_period_end=True)
    await billing.call("post", f"customers/{payer['id']}", phone="+91 11111 22222")
    await billing.deliver()
    await billing.read_all()
    kept = b"".join(row.body for row in await billing.rows(StripeEvent))
    assert (b"asha" in kept.lower(), b"11111" in kept) == (False, False), "Stripe goes on telling who they were"
    (row,) = await billing.rows(Subscription)
    assert row.cancel_at_period_end is True
    assert row.customer_id == one.customer.id
    assert (await owner.customers.list()).items == []
    (after,) = (await owner.subscriptions.list()).items
    assert after.customer.name == ""


async def test_whose_a_subscription_is(billing: Billing) -> None:
    """The external id goes before the e-mail address, which counts only when one customer has it."""
    from backend.customers import service as customers

    await billing.begin()
    units = await billing.backend.units()
    for id, email in (("u-1", "one@example.com"), ("u-2", "two@example.com"), ("u-3", "two@example.com")):
        await units.write(customers.ensure_customer, id, email=email)
    by_id = billing.stripe.customer("one@example.com", metadata={"external_id": "u-2"})
    by_email = billing.stripe.customer("ONE@example.com", "One")
    unclear = billing.stripe.customer("two@example.com", "Two")
    for payer in (by_id, by_email, unclear):
        billing.stripe.subscribe(payer, is_told=True)
    await billing.deliver()
    rows = (await (await billing.backend.owner()).subscriptions.list()).items
    owners = {one.stripe_customer_id: one.customer.external_id for one in rows}
    assert owners == {by_id["id"]: "u-2", by_email["id"]: "u-1", unclear["id"]: f"stripe:{unclear['id']}"}


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
async def test_lists_are_filtered_sorted_and_paged(billing: Billing) -> None:
    await billing.begin()
    stripe = billing.stripe
    cheap, dear = stripe.plan("Lunch", 1_000), stripe.plan("Feast", 90_000, interval="year")
    for number, plan in enumerate((cheap, dear, cheap, dear, cheap)):
        stripe.subscribe(stripe.customer(f"c{number}@example.com", f"Customer {number}"), plan, quantity=number + 1)
    await billing.read_all()
    api = await billing.backend.owner()
    seen: list[float] = []
    cursor: str | None = None
    while True:
        page = await api.subscriptions.list(sort="-mrr", limit=2, cursor=cursor)
        seen += [float(one.mrr) for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == sorted([10, 150, 30, 300, 50], reverse=True)
    lunches = await api.subscriptions.list(plan=cheap["id"], sort="renewal")
    assert {one.plan.name for one in lunches.items if one.plan} == {"Lunch"}
    assert len(lunches.items) == 3
    (found,) = (await api.subscriptions.list(q="customer 3")).items
    assert [one.id for one in (await api.subscriptions.list(customerId=found.customer.id)).items] == [found.id]
    assert (await api.subscriptions.list(status="canceled,past_due")).items == []
    assert len((await api.subscriptions.list(status="active, trialing")).items) == 5
    with pytest.raises(ApiError, match="status"):
        await api.subscriptions.list(status="alive")
    assert [(plan.name, plan.monthly) for plan in (await api.subscriptions.plans()).items] == [
        ("Lunch", 10),
        ("Feast", 75),
    ]
    with pytest.raises(ApiError, match="cursor"):
        await api.subscriptions.list(sort="mrr", cursor="bm9uc2Vuc2U")


def test_nothing_of_stripe_is_imported_before_it_is_needed() -> None:
    import subprocess
    import sys

    script = "import backend.runtime, backend.app, backend.billing.jobs, sys; print('stripe' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
