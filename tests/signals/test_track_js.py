"""track.js in a real browser, against the real backend over sockets: each signal arrives once, whatever happens."""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import select

from backend import signals
from backend.demo.outside.serve import served
from backend.identity.schemas import KeyCreate
from backend.signals.models import Signal
from tests.support.backend import Backend
from tests.support.browser import Browser, Page
from tests.support.host import Host

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FILE = Path(signals.__file__).with_name("track.js")
HURRIED = "window.setTimeout = (real => (act, ms) => real(act, ms / 100))(window.setTimeout);"
"""Waiting takes a hundredth of the time."""
KEPT = "Object.keys(localStorage).filter(name => name.startsWith('holdfast:')).length"


@dataclass
class Shop:
    """An app whose page loads track.js from a backend elsewhere."""

    backend: Backend
    browser: Browser
    host: Host
    url: str

    async def open(self, before: str = HURRIED) -> Page:
        return await self.browser.page(f"{self.url}/home", before=before)

    async def arrived(self) -> list[str]:
        """The screens of all signals that were stored, each as often as it was."""
        query = select(Signal.screen).order_by(Signal.occurred_at, Signal.id)
        found = await self.backend.runtime.database.read(lambda session: list(session.scalars(query)))
        return sorted(str(screen) for screen in found)

    async def until_arrived(self, *screens: str) -> None:
        deadline = time.monotonic() + 15
        while (found := await self.arrived()) != sorted(screens):
            assert time.monotonic() < deadline, found
            await asyncio.sleep(0.02)


@pytest_asyncio.fixture
async def shop(backend: Backend, browser: Browser) -> AsyncIterator[Shop]:
    host = Host()
    async with served(backend.app) as api, served(host) as url:
        owner = await backend.owner()
        key = await owner.keys.create(KeyCreate(name="page", origins=[url]))
        host.api, host.scripts = api, {"/track.js": {"key": key.key, "customer-id": "asha"}}
        yield Shop(backend, browser, host, url)


async def tell(page: Page, *screens: str) -> None:
    for screen in screens:
        await page.do(f"Holdfast.track('menu_viewed', {{screen: '{screen}'}})")


async def test_a_page_tells_what_it_is_asked_to(shop: Shop) -> None:
    page = await shop.open()
    before = await page.do("Object.keys(window).join()")
    await tell(page, "home", "menu")
    await page.do("Holdfast.track('login', {userId: 'ravi', screen: 'door'})")
    await shop.until_arrived("home", "menu", "door")
    await page.until(f"{KEPT} === 0")
    assert (page.troubles, before.count("Holdfast")) == ([], 1)
    owner = await shop.backend.owner()
    assert {one.user_id for one in (await owner.customers.list()).items} == {"asha", "ravi"}
    methods = [method for method, url in page.requests if "/api/track" in url]
    assert set(methods) == {"POST"}, "it asks for no permission first"


async def test_what_was_done_before_who_it_was_is_theirs(shop: Shop) -> None:
    del shop.host.scripts["/track.js"]["customer-id"]
    page = await shop.open()
    await tell(page, "home")
    await page.do("Holdfast.flush()")
    assert await shop.arrived() == []
    await page.do("Holdfast.identify('meera')")
    await shop.until_arrived("home")
    (customer,) = (await (await shop.backend.owner()).customers.list()).items
    assert customer.user_id == "meera"


async def test_a_page_that_goes_offline_tells_when_it_returns(shop: Shop) -> None:
    page = await shop.open(before="")
    await page.offline(True)
    await tell(page, *"abc")
    await page.do("Holdfast.flush()")
    assert (await page.do(KEPT), await shop.arrived()) == (3, [])
    await page.offline(False)
    await shop.until_arrived(*"abc")
    await page.until(f"{KEPT} === 0")


async def test_what_an_offline_page_could_not_tell_the_next_one_does(shop: Shop) -> None:
    page = await shop.open()
    await page.offline(True)
    await tell(page, "a", "b")
    await page.close()
    assert await shop.arrived() == []
    await shop.open()
    await shop.until_arrived("a", "b")


async def test_a_tab_that_is_closed_tells_on_its_way_out(shop: Shop) -> None:
    page = await shop.open(before="")
    await tell(page, "last", "words")
    await page.close()
    await shop.until_arrived("last", "words")
    page = await shop.open()  # it does not know that they arrived, and tells them again
    await page.until(f"{KEPT} === 0")
    assert await shop.arrived() == ["last", "words"]


async def test_two_tabs_tell_everything_once(shop: Shop) -> None:
    one, other = await shop.open(), await shop.open()
    for number in range(10):
        await tell(one, f"one {number}")
        await tell(other, f"other {number}")
    await asyncio.gather(one.do("Holdfast.flush()"), other.do("Holdfast.flush()"))
    await shop.until_arrived(*(f"{who} {number}" for who in ("one", "other") for number in range(10)))
    await one.until(f"{KEPT} === 0")


@pytest.mark.settings(track_per_minute=1)
async def test_a_page_that_is_blocked_for_a_minute_waits_it_out(shop: Shop) -> None:
    waited = "window.waits = []; setTimeout = (real => (act, ms) => { waits.push(ms); return real(act, ms / 100) })(setTimeout);"
    page = await shop.open(before=waited)
    await tell(page, "first")
    await shop.until_arrived("first")
    await page.do("waits.length = 0")
    await tell(page, "second", "third")
    await page.until("waits.some(ms => ms >= 60000)")  # Retry-After, which the page may read
    assert (await page.do(KEPT), await shop.arrived()) == (2, ["first"])
    shop.backend.clock.advance(seconds=61)
    await shop.until_arrived("first", "second", "third")
    await page.until(f"{KEPT} === 0")


async def test_it_waits_longer_from_time_to_time_and_keeps_no_more_than_it_may(shop: Shop) -> None:
    broken = "window.waits = []; fetch = async () => { throw new TypeError('no network') };"
    broken += "setTimeout = (real => (act, ms) => { waits.push(ms); return real(act, ms / 1000) })(setTimeout);"
    page = await shop.open(before=broken)
    await page.do("for (let n = 0; n < 520; n++) Holdfast.track('menu_viewed', {screen: 'n' + n})")
    assert await page.do(KEPT) == 500
    oldest = "JSON.parse(localStorage[Object.keys(localStorage).filter(n => n.startsWith('holdfast:')).sort()[0]])"
    assert await page.do(f"{oldest}.properties.screen") == "n20"
    waits = await page.until("(found => found.length >= 7 && found)(waits.filter(ms => ms !== 2000))")
    assert all(500 * 2**n <= wait <= 1_000 * 2**n for n, wait in enumerate(waits))


async def test_a_page_without_storage_tells_all_the_same(shop: Shop) -> None:
    forbidden = (
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError') }});"
    )
    page = await shop.open(before=HURRIED + forbidden)
    await tell(page, "home")
    await shop.until_arrived("home")
    assert page.troubles == []


async def test_it_breaks_no_page(shop: Shop) -> None:
    """Whatever it is called with, whatever lies in the storage: no exception, and what can be told is told."""
    page = await shop.open()
    await page.do(
        "localStorage['holdfast:junk'] = '{', localStorage['holdfast:more'] = 'null', localStorage.mine = 'kept'"
    )
    await page.do("(o => { o.o = o; Holdfast.track('loop', o) })({})")
    await page.do("Holdfast.track('big', {feature: 'x'.repeat(1e5)}), Holdfast.init(), Holdfast.identify()")
    await page.do("Holdfast.track(), Holdfast.track(null, null), Holdfast.track(Symbol())")
    await page.do(f"Holdfast.init('{shop.host.scripts['/track.js']['key']}', {{customerId: 7}})")
    await tell(page, "home")
    await page.until(f"{KEPT} === 0")
    assert "home" in await shop.arrived()
    assert (page.troubles, await page.do("localStorage.mine")) == ([], "kept")


async def test_the_script_is_served_to_every_page(backend: Backend) -> None:
    transport = httpx.ASGITransport(backend.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://holdfast") as http:
        plain = await http.get("/track.js", headers={"accept-encoding": "identity"})
        assert (plain.status_code, plain.content) == (200, FILE.read_bytes())
        assert plain.headers["content-type"] == "text/javascript; charset=utf-8"
        assert plain.headers["access-control-allow-origin"] == "*"
        assert "max-age=300" in plain.headers["cache-control"]
        packed = await http.get("/track.js", headers={"accept-encoding": "br, gzip"})
        assert (packed.headers["content-encoding"], packed.content) == ("gzip", plain.content)
        assert (await http.get("/track.js", headers={"accept-encoding": "gzip;q=0"})).headers.get(
            "content-encoding"
        ) is None
        known = await http.get("/track.js", headers={"if-none-match": f'"old", W/{plain.headers["etag"]}'})
        assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", plain.headers["etag"])
    assert (await (await backend.anonymous()).system.track_script()) == FILE.read_text()


def test_it_is_small(database_url: str) -> None:
    assert len(gzip.compress(FILE.read_bytes(), 9)) < 3_000
