"""An account in the place of another: both names are agreed to, what the former one left, and who hears of it."""

from datetime import timedelta

import httpx
import pytest

from backend.billing import accounts, takings
from backend.billing.models import StripeEvent
from backend.billing.schemas import AccountConnect, AccountNamed
from backend.client import ApiError
from tests.billing.conftest import Billing
from tests.billing.connecting import SQLITE, platform
from tests.support.backend import BASE, business_of

pytestmark = pytest.mark.settings(token_days=4_000, refresh_days=4_000)


async def test_another_account_takes_the_place_of_the_last_one_once_both_names_were_agreed_to(billing: Billing) -> None:
    there, stripe, backend = await platform(billing), billing.stripe, billing.backend
    for id, name, charges in (("acct_old", "Old Feasts", 12), ("acct_new", "New Feasts", 5)):
        book = stripe.open(id, name=name)
        stripe.takings(charges, days=20, book=book)
        stripe.subscribe(book=book)
    units = await backend.units(there.owner)

    async def taken() -> int:
        start = backend.clock.now() - timedelta(days=60)
        found = await units.read(takings.sums, start, backend.clock.now())
        assert found == await units.read(takings.counted, start, backend.clock.now()), "days rolled up, and rows"
        return sum(one.charges for one in found.values())

    async def connect(id: str, status: int) -> httpx.Response:
        answer = await there.back(state=await there.begin(), code=stripe.new_code(id))
        assert answer.status_code == status, answer.text
        return answer

    await connect("acct_old", 200)
    await backend.drain()
    await units.write(takings.roll_up)
    of_old, (sold,) = await taken(), (await there.owner.subscriptions.list()).items
    assert sold.mrr > 0
    await there.owner.stripe.disconnect(there.business)

    told = (await connect("acct_new", 409)).json()["error"]
    assert told["code"] == "STRIPE_ACCOUNT_ANOTHER"
    assert all(words in told["message"] for words in ("Old Feasts (acct_old)", "New Feasts (acct_new)"))
    shown = await there.owner.stripe.show(there.business)
    assert (shown.is_connected, shown.account_id, shown.connecting and shown.connecting.error) == (
        False,
        "acct_old",
        None,
    )
    assert shown.connecting is not None
    assert (shown.connecting.by, shown.connecting.replaces) == (
        AccountNamed(account_id="acct_new", name="New Feasts"),
        AccountNamed(account_id="acct_old", name="Old Feasts"),
    )
    assert await taken() == of_old, "nothing has happened yet"
    await there.owner.stripe.disconnect(there.business)  # which says no to what waits
    assert "acct_new" not in stripe.connected
    with pytest.raises(ApiError, match="No account waits"):
        await there.owner.stripe.agree_connect(there.business, "acct_old")

    await connect("acct_new", 409)
    with pytest.raises(ApiError, match="Old Feasts"):
        await there.owner.stripe.agree_connect(there.business, "acct_guess")
    agreed = await there.owner.stripe.agree_connect(there.business, "acct_old")
    assert (agreed.is_connected, agreed.account_id, agreed.name, agreed.connecting) == (
        True,
        "acct_new",
        "New Feasts",
        None,
    )
    await backend.drain()
    shown = await there.owner.stripe.show(there.business)
    (former,) = shown.former
    assert (former.account_id, former.name, former.subscriptions, former.charges) == ("acct_old", "Old Feasts", 1, 13)
    assert (shown.subscriptions, shown.charges) == (1, 6)
    assert 0 < await taken() < of_old
    old = await there.owner.subscriptions.show(sold.id)
    assert (old.former_account, old.freshness, old.status, old.mrr) == ("acct_old", "GONE", sold.status, 0)
    assert old.ended_at is None, "nobody knows that it ended"
    (new,) = [one for one in (await there.owner.subscriptions.list()).items if one.former_account is None]
    assert new.mrr > 0
    events = (await there.owner.audit.list(limit=100))["items"]
    assert "subscription.ended" not in {one["type"] for one in events}
    (connected, *_) = [one for one in events if one["type"] == "stripe.connected" or "connected" in one["type"]]
    assert connected["data"]["replaces"] == "acct_old"

    await there.owner.stripe.disconnect(there.business)
    await connect("acct_old", 409)
    await there.owner.stripe.agree_connect(there.business, "acct_new")
    await backend.drain()
    assert await taken() == of_old, "everything of it is back"
    old = await there.owner.subscriptions.show(sold.id)
    assert (old.former_account, old.freshness, old.mrr) == (None, "CURRENT", sold.mrr)
    assert [one.account_id for one in (await there.owner.stripe.show(there.business)).former] == ["acct_new"]

    for id, other in (("acct_new", "acct_old"), ("acct_old", "acct_new")):
        await there.owner.stripe.disconnect(there.business)
        if id == "acct_old":
            backend.clock.advance(days=130)
            with stripe.past(days=120):
                stripe.charge(7_000, book=stripe.books[id])
        await connect(id, 409)
        await there.owner.stripe.agree_connect(there.business, other)
        await backend.drain()
    shown = await there.owner.stripe.show(there.business)
    everything = len(stripe.books["acct_old"].rows("charge"))
    assert shown.charges == everything, "also what was paid long ago, while another one was in its place"


@SQLITE
async def test_who_had_an_account_before_another_business_hears_nothing_of_it(billing: Billing) -> None:
    there, stripe = await platform(billing), billing.stripe
    book = stripe.open("acct_moved")
    _, secret = stripe.endpoint(f"{BASE}/webhooks/stripe", connect=True)
    kind = type(billing.backend.settings.stripe_webhook_secret)
    billing.backend.settings.stripe_webhook_secret = kind(f"{billing.secret},{secret}")
    now = await billing.backend.another_owner()
    assert (await there.back(state=await there.begin(), code=stripe.new_code("acct_moved"))).is_success
    await there.owner.stripe.disconnect(there.business)
    await there.back(state=await there.begin(now), code=stripe.new_code("acct_moved"))
    await billing.deliver()  # also that the first one gave its access up
    stripe.subscribe(book=book, is_told=True)
    await billing.deliver()
    events = [row for row in await billing.rows(StripeEvent) if row.stripe_account_id == "acct_moved"]
    assert {row.business_id for row in events} == {await business_of(now)}
    assert "account.application.deauthorized" in {row.type for row in events}
    assert (await now.stripe.show(await business_of(now))).is_connected, "that was the access of before"
    # Access that is gone without a word of it: whatever is told of next finds out.
    for _ in range(2):
        stripe.subscribe(book=book, is_told=True)
    known = {row.id for row in await billing.rows(StripeEvent)}
    stripe.connected.discard("acct_moved")
    await billing.deliver()
    shown = await now.stripe.show(await business_of(now))
    assert (shown.is_connected, shown.error) == (False, None)
    told = [row for row in await billing.rows(StripeEvent) if row.object_id and row.id not in known]
    assert {(row.outcome, row.error) for row in told} == {("ignored", accounts.NOT_CONNECTED)}
    assert len({row.object_id for row in told}) > 1
    assert (await now.jobs.dead_letters())["items"] == []


@SQLITE
async def test_what_is_told_of_an_access_that_was_given_up_meanwhile_is_no_trouble(billing: Billing) -> None:
    there, stripe = await platform(billing), billing.stripe
    stripe.open("acct_theirs")
    units = await billing.backend.units(there.owner)
    assert (await there.back(state=await there.begin(), code=stripe.new_code("acct_theirs"))).is_success
    asked = billing.backend.clock.now()
    billing.backend.clock.advance(seconds=1)
    await there.owner.stripe.disconnect(there.business)
    assert (await there.back(state=await there.begin(), code=stripe.new_code("acct_theirs"))).is_success
    assert not await units.write(accounts.lose, asked), "a sync of before was refused, and tells of it late"
    door = await units.read(accounts.door_of, billing.backend.settings, billing.backend.runtime.vault)
    assert await units.write(accounts.lose, billing.backend.clock.now()), "Stripe's word comes first"
    await units.write(accounts.let_go, door, by="Owner")
    shown = await there.owner.stripe.show(there.business)
    assert not shown.is_connected
    ends = [
        one for one in (await there.owner.audit.list(limit=50))["items"] if one["type"] == "stripe_account.disconnected"
    ]
    assert len(ends) == 2
    assert ends[0]["data"]["by"] == "Stripe", "the newest"


@SQLITE
async def test_a_key_of_another_account_has_to_be_agreed_to_as_well(billing: Billing) -> None:
    there, stripe = await platform(billing), billing.stripe
    first, second = (
        stripe.restricted_key("account_read", book=stripe.open(id, name=id)) for id in ("acct_a", "acct_b")
    )
    await there.owner.stripe.connect(there.business, AccountConnect(key=first))
    await there.owner.stripe.disconnect(there.business)
    with pytest.raises(ApiError) as refused:
        await there.owner.stripe.connect(there.business, AccountConnect(key=second))
    assert (refused.value.code, refused.value.details["by"]["accountId"]) == ("STRIPE_ACCOUNT_ANOTHER", "acct_b")
    shown = await there.owner.stripe.connect(there.business, AccountConnect(key=second, replaces="acct_a"))
    assert (shown.account_id, [one.account_id for one in shown.former]) == ("acct_b", ["acct_a"])
    await there.owner.stripe.disconnect(there.business)
    assert (await there.owner.stripe.connect(there.business, AccountConnect(key=second))).account_id == "acct_b"


@SQLITE
async def test_another_key_in_the_settings_may_be_of_another_account(billing: Billing) -> None:
    stripe, backend = billing.stripe, billing.backend
    stripe.subscribe()
    await billing.begin()
    owner = await backend.owner()
    business = await business_of(owner)
    (sold,) = (await owner.subscriptions.list()).items
    first = await owner.stripe.show(business)
    assert (first.account_id, first.mode) == (stripe.account.id, "settings")
    secret = type(backend.settings.stripe_secret_key)
    backend.settings.stripe_secret_key = secret(stripe.restricted_key("account_read", "subscription_read"))
    await billing.read_changes()
    assert "another account" not in str((await owner.stripe.show(business)).error), "another key of the same one"
    stripe.open("acct_other", name="Other Feasts")
    backend.settings.stripe_secret_key = secret(stripe.restricted_key("account_read", book=stripe.books["acct_other"]))
    await billing.read_all()
    shown = await owner.stripe.show(business)
    assert "Other Feasts (acct_other), another account than before" in str(shown.error)
    assert shown.account_id == stripe.account.id
    assert (await owner.subscriptions.show(sold.id)).status == sold.status
    await owner.stripe.disconnect(business)
    agreed = await owner.stripe.connect(business, AccountConnect(replaces=stripe.account.id))
    assert (agreed.account_id, [one.account_id for one in agreed.former]) == ("acct_other", [stripe.account.id])
