"""Signing in with Google, against a double that lies: only who is proven comes in, once, in the terminal that began."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from backend.client import ApiError, Client
from backend.core.verifier import challenge_of
from backend.demo.outside.openid import CLIENT, SECRET, OpenId
from backend.demo.outside.serve import served
from backend.identity.schemas import SignUp
from tests.identity.mail import mailed
from tests.support.backend import BASE, PASSWORD, Backend

pytestmark = [pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
VERIFIER = "v" * 43
ASHA = "asha@example.com"


class Browser:
    """A browser that follows redirects to Google and back, with cookies of its own."""

    def __init__(self, backend: Backend) -> None:
        transport = httpx.ASGITransport(backend.app, client=("10.0.0.1", 1))
        self.here = httpx.AsyncClient(transport=transport, base_url=BASE)
        self.there = httpx.AsyncClient(trust_env=False)

    async def begin(self, verifier: str = VERIFIER) -> str:
        """Where Google sends it back to."""
        answer = await self.here.get("/api/auth/google", params={"challenge": challenge_of(verifier)})
        assert answer.status_code == 302, answer.text
        back = await self.there.get(answer.headers["location"])
        return str(back.headers["location"])

    async def end(self, back: str) -> Any:
        """The code to type, or the error's code."""
        answer = (await self.here.get(back)).json()
        return answer["code"] if "code" in answer else answer["error"]["code"]

    async def close(self) -> None:
        await self.here.aclose()
        await self.there.aclose()


@pytest_asyncio.fixture
async def google(backend: Backend) -> AsyncIterator[OpenId]:
    double = OpenId(backend.clock)
    async with served(double) as url:
        double.issuer = url
        settings = {"google_issuer": url, "google_client_id": CLIENT}
        for name, value in settings.items():
            setattr(backend.settings, name, value)
        backend.settings.google_client_secret = type(backend.settings.google_client_secret)(SECRET)
        yield double


@pytest_asyncio.fixture
async def browser(backend: Backend) -> AsyncIterator[Browser]:
    browser = Browser(backend)
    yield browser
    await browser.close()


async def refused(call: Any) -> ApiError:
    with pytest.raises(ApiError) as error:
        await call
    return error.value


async def come(backend: Backend, browser: Browser, verifier: str = VERIFIER) -> Client:
    client = backend.client()
    await client.identity.collect_google(verifier, await browser.end(await browser.begin(verifier)))
    return client


async def test_a_terminal_is_signed_in_by_the_browser_that_it_opened(
    backend: Backend, google: OpenId, browser: Browser
) -> None:
    client = backend.client()
    assert (await refused(client.identity.collect_google(VERIFIER, "AAAA-AAAA"))).code == "ATTEMPT_UNKNOWN"
    back = await browser.begin()
    assert google.asked[0]["code_challenge_method"] == "S256"
    assert (await refused(client.identity.collect_google(VERIFIER, "AAAA-AAAA"))).code == "ATTEMPT_PENDING"
    typed = await browser.end(back)
    assert (await refused(client.identity.collect_google(VERIFIER, "AAAA-AAAA"))).code == "WRONG_CODE"
    assert (await refused(client.identity.collect_google("w" * 43, typed))).code == "ATTEMPT_UNKNOWN"
    tries = (backend.client().identity.collect_google(VERIFIER, typed.lower()) for _ in range(3))
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(getattr(one, "code", "fine") for one in answers) == ["ATTEMPT_USED", "ATTEMPT_USED", "fine"]
    (me,) = [one for one in answers if not isinstance(one, BaseException)]
    assert (me.user.email, me.role, me.business.name) == (ASHA, "owner", "Asha's business")
    google.person["email"] = "married@example.com"  # it is still who it was
    assert (await (await come(backend, browser, "x" * 43)).identity.me()).user.id == me.user.id


async def test_what_comes_back_twice_swapped_late_or_maimed_is_told_apart(
    backend: Backend, google: OpenId, browser: Browser
) -> None:
    other, now = Browser(backend), browser.end
    assert await now("/api/auth/google/callback?code=x") == "STATE_MISSING"
    assert await now("/api/auth/google/callback?code=x&state=guess") == "STATE_UNKNOWN"
    back = await browser.begin()
    assert await other.end(back) == "STATE_OF_ANOTHER"
    mine, theirs = back, await other.begin("y" * 43)
    swapped = (
        theirs.partition("&code")[0].partition("?")[0]
        + "?"
        + "&".join(
            [part for part in mine.partition("?")[2].split("&") if part.startswith("state")]
            + [part for part in theirs.partition("?")[2].split("&") if part.startswith("code")]
        )
    )
    assert await now(swapped) == "GOOGLE_REFUSED", "another's code does not go with this verifier"
    assert await now(back) == "STATE_USED"
    back = await browser.begin()
    assert (
        await now(back.partition("&code")[0] if "&code" in back else back.replace("code=", "kode=")) == "CODE_MISSING"
    )
    back = await browser.begin()
    backend.clock.advance(minutes=10)
    assert await now(back) == "STATE_EXPIRED"
    back = await browser.begin()
    await now(back)
    assert await now(back) == "STATE_USED"
    page = await browser.here.get(await browser.begin(), headers={"accept": "text/html"})
    assert (page.status_code, "Type this in your terminal" in page.text) == (200, True)
    assert "frame-ancestors" in page.headers["content-security-policy"]
    await other.close()


@pytest.mark.parametrize(
    ("mood", "code"),
    [
        ("forged", "GOOGLE_NOT_PROVEN"),
        ("unsigned", "GOOGLE_NOT_PROVEN"),
        ("nonce", "GOOGLE_NOT_PROVEN"),
        ("expired", "GOOGLE_NOT_PROVEN"),
        ("audience", "GOOGLE_NOT_PROVEN"),
        ("issuer", "GOOGLE_NOT_PROVEN"),
        ("unproven", "EMAIL_NOT_PROVEN"),
        ("denied", "GOOGLE_DECLINED"),
        ("broken", "GOOGLE_UNREACHED"),
    ],
)
async def test_a_provider_that_lies_brings_nobody_in(
    backend: Backend, google: OpenId, browser: Browser, mood: Any, code: str
) -> None:
    google.mood = mood
    assert await browser.end(await browser.begin()) == code
    failed = await refused(backend.client().identity.collect_google(VERIFIER, "AAAA-AAAA"))
    assert failed.code == "ATTEMPT_FAILED"


async def test_an_account_that_nobody_proved_is_not_given_away(
    backend: Backend, google: OpenId, browser: Browser
) -> None:
    mallory = backend.client()
    await mallory.identity.sign_up(SignUp(email=ASHA, password=PASSWORD, name="Mallory"))
    assert await browser.end(await browser.begin()) == "ACCOUNT_NOT_PROVEN"
    asha = backend.client()
    await asha.identity.forgot_password(ASHA)
    await backend.drain()
    await asha.identity.reset_password(await mailed(backend), "a new password")
    signed_in = await come(backend, browser)
    assert (await signed_in.identity.me()).user.email == ASHA
    assert (await refused(mallory.identity.me())).status == 401


async def test_without_a_client_it_says_so(backend: Backend) -> None:
    assert (await refused(backend.client().identity.begin_google(challenge_of(VERIFIER)))).code == "GOOGLE_NOT_SET"
