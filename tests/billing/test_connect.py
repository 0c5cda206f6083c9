"""Connecting by OAuth: the way there, every way in which it ends badly, and access that is taken away."""

from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from backend.billing.models import Charge, StripeAccount, StripeConnecting
from backend.billing.schemas import SyncAsked
from backend.client import ApiError
from backend.demo.outside.stripe import Mishap
from backend.identity.schemas import MemberChange
from tests.billing.conftest import Billing
from tests.billing.connecting import SQLITE, platform
from tests.support.backend import BASE, business_of
from tests.support.stripe import API

pytestmark = pytest.mark.settings(token_days=4_000, refresh_days=4_000)


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
