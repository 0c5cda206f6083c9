"""Connecting by OAuth: the way there, every way in which it ends badly, and how it ends."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from backend.billing import accounts, takings
from backend.billing.models import Charge, StripeAccount, StripeConnecting, StripeEvent
from backend.billing.schemas import AccountConnect, AccountNamed, SyncAsked
from backend.client import ApiError, Client
from backend.demo.outside.stripe import Mishap
from backend.identity.schemas import MemberChange
from tests.billing.conftest import Billing
from tests.support.backend import BASE, business_of
from tests.support.stripe import API

pytestmark = pytest.mark.settings(token_days=4_000, refresh_days=4_000)
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Platform:
    """Another business, whose owner wants to connect an account of theirs."""

    def __init__(self, billing: Billing, owner: Client, business: str) -> None:
        self.billing, self.owner, self.business = billing, owner, business
        self.browser = billing.http

    async def begin(self, owner: Client | None = None) -> str:
        """The state that comes back, to the browser that went through our page to Stripe."""
        begun = await (owner or self.owner).stripe.begin_connect(await business_of(owner or self.owner))
        assert begun.url.startswith(f"{BASE}/api/stripe/connect?")
        gone = await self.go_on(begun.url, self.browser)
        assert gone.status_code == 303, gone.text
        self.url = gone.headers["location"]
        return parse_qs(urlsplit(begun.url).query)["state"][0]

    @staticmethod
    async def go_on(url: str, browser: httpx.AsyncClient) -> httpx.Response:
        """Open our page and press its button."""
        page = await browser.get(url)
        assert page.status_code == 200, page.text
        found = re.search("name=browser value='([^']+)'", page.text)
        assert found is not None
        return await browser.post(url, data={"browser": found[1]})

    async def back(self, browser: httpx.AsyncClient | None = None, **query: str) -> httpx.Response:
        """The browser comes back with this."""
        at = browser or self.browser
        return await at.get("/api/stripe/callback", params=query, headers={"accept": "application/json"})

    async def go_on_refused(self, url: str) -> httpx.Response:
        """Press the button once more with what the browser has."""
        return await self.browser.post(url, data={"browser": self.browser.cookies["holdfast_stripe"]})

    async def refused(self, status: int, error_code: str, **query: str) -> str:
        answer = await self.back(**query)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (status, error_code), error
        return str(error["message"])


async def platform(billing: Billing) -> Platform:
    await billing.begin()
    billing.backend.settings.stripe_connect_client_id = "ca_double"
    owner = await billing.backend.another_owner()
    return Platform(billing, owner, await business_of(owner))


async def test_an_account_is_connected_read_and_let_go(billing: Billing) -> None:
    there, stripe = await platform(billing), billing.stripe
    book = stripe.open("acct_theirs")
    stripe.takings(120, days=20, book=book)
    stripe.subscribe(book=book)
    state = await there.begin()
    asked = parse_qs(urlsplit(there.url).query)
    assert asked["client_id"] == ["ca_double"]
    assert asked["redirect_uri"] == [f"{BASE}/api/stripe/callback"]
    (row,) = await billing.rows(StripeConnecting)
    assert state not in (row.fingerprint, row.id), "only its fingerprint is kept"

    # The page of the double, as a browser of the account's owner goes through it.
    page = await billing.outside.get(f"{API}/oauth/authorize", params={k: v[0] for k, v in asked.items()})
    assert "Connect" in page.text
    form = {name: value[0] for name, value in asked.items()} | {"account": "acct_theirs"}
    sent = await billing.outside.post(f"{API}/oauth/authorize", data=form)
    back = urlsplit(sent.headers["location"])
    answer = await there.browser.get(f"{back.path}?{back.query}", headers={"accept": "text/html"})
    assert (answer.status_code, "acct_theirs is connected" in answer.text) == (200, True)
    shown = await there.owner.stripe.show(there.business)
    assert (shown.is_connected, shown.mode, shown.account_id, shown.progress) == (True, "connect", "acct_theirs", 0.0)
    await billing.backend.drain()
    shown = await there.owner.stripe.show(there.business)
    assert (shown.progress, shown.charges, shown.subscriptions) == (1.0, 121, 1)
    assert shown.last_synced_at is not None
    assert len((await there.owner.subscriptions.list()).items) == 1
    assert (await (await billing.backend.owner()).subscriptions.list()).items == [], "nobody else sees them"
    (mine,) = [row for row in await billing.rows(StripeAccount) if row.business_id == there.business]
    assert (mine.sealed, mine.stripe_account_id) == (None, "acct_theirs"), "no token of theirs is kept"

    await there.owner.stripe.disconnect(there.business)
    assert "acct_theirs" not in stripe.connected
    shown = await there.owner.stripe.show(there.business)
    assert (shown.is_connected, shown.progress, shown.charges) == (False, None, 121)
    code = stripe.new_code("acct_theirs")
    assert (await there.back(state=await there.begin(), code=code)).status_code == 200, "and connected again"


@SQLITE
async def test_what_comes_back_is_looked_at(billing: Billing) -> None:
    there, stripe = await platform(billing), billing.stripe
    code = stripe.new_code("acct_theirs")
    await there.refused(400, "STATE_MISSING", code=code)
    await there.refused(422, "STATE_UNKNOWN", code=code, state="hfc_forged")
    state = await there.begin()
    await there.refused(400, "CODE_MISSING", state=state)

    # Somebody else's sign-in comes with it: the state is not theirs.
    stranger = await billing.backend.another_owner()
    with pytest.raises(ApiError, match="Somebody else began this"):
        await stranger.stripe.finish_connect(state=state, code=code)
    assert (await there.owner.stripe.finish_connect(state=state, code=code)).account_id == "acct_theirs"
    assert "used already" in await there.refused(409, "STATE_USED", state=state, code=stripe.new_code("acct_theirs"))
    assert (await there.owner.stripe.show(there.business)).connecting is None
    with pytest.raises(ApiError, match="connected already"):
        await there.begin()

    # Another business, the same account.
    await there.refused(
        409, "STRIPE_ACCOUNT_TAKEN", state=await there.begin(stranger), code=stripe.new_code("acct_theirs")
    )
    told = (await stranger.stripe.show(await business_of(stranger))).connecting
    assert told is not None
    assert "another business" in str(told.error), "who waits in the console is told"
    assert "acct_theirs" in stripe.connected, "the other business keeps its access"

    stripe.elsewhere.add("acct_controlled")
    words = await there.refused(
        422, "STRIPE_ACCOUNT_ELSEWHERE", state=await there.begin(stranger), code=stripe.new_code("acct_controlled")
    )
    assert "restricted key" in words
    lost, used, late = (stripe.new_code("acct_new") for _ in range(3))
    stripe.codes.pop(lost)
    stripe.used_codes.add(used)
    for code, error, why in (
        (lost, "STRIPE_CODE_UNKNOWN", "HOLDFAST_STRIPE_CONNECT_CLIENT_ID"),
        (used, "STRIPE_CODE_USED", "opened twice"),
        (late, "STRIPE_CODE_EXPIRED", "older than the five minutes"),
    ):
        if code == late:
            billing.backend.clock.advance(minutes=5)
        words = await there.refused(422, error, state=await there.begin(stranger), code=code)
        assert (why in words, "Begin again" in words) == (True, True), words
        told = (await stranger.stripe.show(await business_of(stranger))).connecting
        assert told is not None
        assert told.error == words, "who waits in the console is told the same"
    about = {"error": "access_denied", "error_description": "The user denied your request"}
    words = await there.refused(422, "STRIPE_CONNECT_DENIED", state=await there.begin(stranger), **about)
    assert "The user denied your request" in words
    state = await there.begin(stranger)
    billing.backend.clock.advance(minutes=11)
    assert "10 minutes" in await there.refused(422, "STATE_EXPIRED", state=state, code=stripe.new_code("acct_new"))
    told = (await stranger.stripe.show(await business_of(stranger))).connecting
    assert told is not None
    assert "Nobody agreed" in str(told.error)
    state = await there.begin(stranger)
    stripe.mishaps.append(Mishap("drop", on="POST /oauth/token", times=1))
    await there.refused(503, "STRIPE_UNREACHABLE", state=state, code=stripe.new_code("acct_new"))
    assert (await stranger.stripe.show(await business_of(stranger))).is_connected is False

    # Who began it is no admin any more, or this server is no platform.
    admin = await billing.backend.member("admin", of=stranger)
    me = await admin.identity.me()
    state = await there.begin(admin)
    await stranger.businesses.change_member(me.business.id, me.member_id, MemberChange(role="agent"))
    await there.refused(403, "ROLE_MISSING", state=state, code=stripe.new_code("acct_new"))
    with pytest.raises(ApiError, match="admin"):
        await admin.stripe.begin_connect(me.business.id)
    with pytest.raises(ApiError):
        await stranger.stripe.begin_connect(there.business)
    billing.backend.settings.stripe_connect_client_id = ""
    with pytest.raises(ApiError, match="HOLDFAST_STRIPE_CONNECT_CLIENT_ID"):
        await there.begin(stranger)


@SQLITE
async def test_only_the_browser_that_went_to_stripe_comes_back(billing: Billing) -> None:
    there, stripe = await platform(billing), billing.stripe
    mallory = await billing.backend.another_owner()
    begun = await there.owner.stripe.begin_connect(there.business)
    state = parse_qs(urlsplit(begun.url).query)["state"][0]
    code = stripe.new_code("acct_theirs")
    page = await there.browser.get(begun.url)
    me = await there.owner.identity.me()
    assert f"{me.user.name} ({me.user.email}) asks" in page.text
    assert me.business.name in unescape(page.text)
    # Looking is not pressing, and a page elsewhere that presses for somebody knows no cookie.
    assert "Another browser" in await there.refused(403, "STATE_OF_ANOTHER", state=state, code=code)
    for given in ({}, {"browser": "hfb_forged"}):
        assert (await there.browser.post(begun.url, data=given)).status_code == 403
    other = httpx.AsyncClient(transport=there.browser._transport, base_url=BASE)
    assert (await there.go_on(begun.url, there.browser)).status_code == 303
    assert (await there.go_on(begun.url, there.browser)).status_code == 303, "the same browser, twice"
    assert (await there.go_on(begun.url, other)).status_code == 403, "the first one has it"
    # Swapped: an answer that was got elsewhere, in whichever browser it is put.
    theirs = await there.begin(mallory)
    answer = await there.back(other, state=theirs, code=code)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "STATE_OF_ANOTHER")
    answer = await other.get(
        "/api/stripe/callback", params={"state": state, "code": code}, headers={"accept": "text/html"}
    )
    assert (answer.status_code, "Nothing was connected" in answer.text) == (403, True)
    assert not (await mallory.stripe.show(await business_of(mallory))).is_connected
    # A sign-in that has ended asks for nothing any more.
    await mallory.identity.sign_out()
    await there.refused(403, "STATE_VOID", state=theirs, code=code)
    assert (await there.browser.get(f"{BASE}/api/stripe/connect", params={"state": theirs})).status_code == 403
    assert (await there.browser.get(f"{BASE}/api/stripe/connect", params={"state": "hfc_forged"})).status_code == 422
    assert (await there.back(state=state, code=code)).json()["accountId"] == "acct_theirs"
    assert (await there.go_on_refused(begun.url)).status_code == 409
    await other.aclose()


@SQLITE
@pytest.mark.parametrize("told", ["event", "answer"])
async def test_access_that_is_taken_away_ends_a_sync_in_its_midst(billing: Billing, told: str) -> None:
    there, stripe = await platform(billing), billing.stripe
    book = stripe.open("acct_theirs")
    stripe.takings(900, days=80, book=book)
    _, secret = stripe.endpoint(f"{BASE}/webhooks/stripe", connect=True)
    billing.backend.settings.stripe_webhook_secret = type(billing.backend.settings.stripe_webhook_secret)(
        f"{billing.secret},{secret}"
    )
    await there.back(state=await there.begin(), code=stripe.new_code("acct_theirs"))
    stripe.mishaps.append(Mishap("delay", on="GET /v1/charges$", times=9))
    stripe.mishaps.append(Mishap("break", on="GET /v1/charges$", times=5))  # for longer than a job tries
    await billing.backend.drain()
    shown = await there.owner.stripe.show(there.business)
    assert (shown.is_connected, shown.relist is not None) == (True, True)
    known = len(await billing.rows(Charge))
    assert 0 < known < 900
    if told == "event":
        stripe.disconnect("acct_theirs")
        await billing.deliver()
    else:
        stripe.connected.discard("acct_theirs")
    billing.backend.clock.advance(minutes=2)
    await billing.backend.drain()
    shown = await there.owner.stripe.show(there.business)
    assert (shown.is_connected, shown.relist, shown.charges) == (False, None, known)
    with pytest.raises(ApiError, match="No Stripe account"):
        await there.owner.stripe.sync(there.business, SyncAsked())
    letters = await there.owner.jobs.dead_letters()
    assert letters["items"] == []


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
