"""A customer cancels, end to end: a real browser on the shop's page, the real server and its jobs in a process of their
own, Stripe's double on a socket with its webhooks, and somebody at the desk who watches."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from backend.billing.schemas import SyncAsked
from backend.client import Client
from backend.core.clock import RealClock
from backend.demo.outside.serve import served
from backend.demo.outside.stripe import StripeDouble
from backend.demo.storefront import Storefront
from backend.identity.schemas import SignUp
from tests.retention.conftest import HURRIED, SHADOW, button
from tests.support.browser import Browser, Page
from tests.support.server import Server, free_port

pytestmark = [pytest.mark.parametrize("database_url", ["sqlite"], indirect=True), pytest.mark.timeout(240)]
EMAIL, PASSWORD = "asha@feast.example", "correct horse"
FEAST, SNACK = 249_900, 99_900
"""A month, in paise."""
SECONDS = 60


@dataclass
class Street:
    """The shop's page, the desk behind it, Stripe beside it, and what was told live."""

    stripe: StripeDouble
    desk: Client
    page: Page
    subscription: str
    told: list[dict[str, Any]] = field(default_factory=list)

    def types(self) -> list[str]:
        return [frame["type"] for frame in self.told if frame.get("type", "").startswith("retention_run.")]

    async def step(self) -> str:
        """The title of the step that is shown, once nothing is being done any more."""
        idle = f"!{SHADOW}.querySelector('dialog').ariaBusy && {SHADOW}.querySelector('h2').textContent"
        return str(await self.page.until(f"(found => found !== 'One moment…' && found)({idle})", SECONDS))

    async def survey(self, reason: str) -> None:
        assert await self.step() == "What makes you leave?"
        label = f"[...{SHADOW}.querySelectorAll('.choice')].find(one => one.textContent === '{reason}')"
        await self.page.click(label)
        await self.page.click(button("Continue"))
        await self.page.until(f"{SHADOW}.querySelector('h2').textContent !== 'What makes you leave?'", SECONDS)


async def until(what: str, is_so: Callable[[], Any]) -> Any:
    """What it answers, once that is true."""
    deadline = time.monotonic() + SECONDS
    while True:
        found = is_so()
        found = await found if asyncio.iscoroutine(found) else found
        if found:
            return found
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.05)


@pytest_asyncio.fixture
async def street(database_url: str, tmp_path: Path, browser: Browser) -> AsyncIterator[Street]:
    stripe, port = StripeDouble(RealClock()), free_port()
    feast, _ = (
        stripe.plan(name, price, currency="inr") for name, price in (("Feast Club", FEAST), ("Snack Club", SNACK))
    )
    subscription = stripe.subscribe(stripe.customer("ada@example.com", "Ada Lovelace"), feast)
    _, secret = stripe.endpoint(f"http://127.0.0.1:{port}/webhooks/stripe")
    async with served(stripe) as address, stripe.sending():
        settings = {"stripe_api_base": address, "stripe_secret_key": stripe.key, "stripe_webhook_secret": secret}
        server = Server(database_url, tmp_path / "data", port=port, **settings)
        await asyncio.to_thread(server.start)
        try:
            async with Client(server.url) as desk:
                signed = await desk.identity.sign_up(SignUp(email=EMAIL, password=PASSWORD, name="Asha"))
                await desk.stripe.sync(signed.business.id, SyncAsked(is_full=True))
                rules = await desk.rules.show("flow")
                everybody = rules["settings"] | {"holdout": [{"fromRuns": 0, "share": 0}], "explore": 0}
                body = {"version": rules["version"], "settings": everybody, "reason": "everybody gets offers"}
                await desk.rules.publish("flow", body)
                await until("the subscription is here", lambda: _has_one(desk))
                shop = Storefront(server.url, (EMAIL, PASSWORD))
                async with served(shop) as url:
                    await shop.open(f"{url}/account")
                    page = await browser.page(f"{url}/account", before=HURRIED.replace("/ 20", "/ 2"))
                    made = Street(stripe, desk, page, subscription["id"])
                    watching = asyncio.create_task(_watch(desk, made.told))
                    await until("the line is open", lambda: made.told)
                    yield made
                    watching.cancel()
                    with suppress(asyncio.CancelledError):
                        await watching
        finally:
            server.kill()


async def _has_one(desk: Client) -> bool:
    return len((await desk.subscriptions.list()).items) == 1


async def _watch(desk: Client, told: list[dict[str, Any]]) -> None:
    async with desk.live.connect() as line:
        async for frame in line:
            told.append(frame)  # noqa: PERF401 - each is wanted as it comes


async def test_a_customer_who_wants_to_cancel_takes_a_smaller_plan(street: Street) -> None:
    page = street.page
    assert await page.do("document.querySelector('#plan').textContent") == "Feast Club"
    assert "₹2,499" in await page.do("document.querySelector('.price').textContent")
    await page.click("document.querySelector('[data-holdfast-cancel]')")
    await street.survey("I do not use it enough")
    if await street.step() != "A smaller plan":
        await page.click(button("No, thanks"), times=2)
        await page.until(f"{SHADOW}.querySelector('h2').textContent === 'A smaller plan'", SECONDS)
    assert "Snack Club" in await page.do(f"{SHADOW}.querySelector('.words').textContent")
    await page.click(button("Switch my plan"), times=2)
    await page.until(f"{SHADOW}.querySelector('h2').textContent.startsWith('You are staying')", SECONDS)
    assert page.troubles == []

    # At Stripe the smaller plan comes at the end of the period, and it was asked for once.
    at_stripe = street.stripe.subscription(street.subscription)
    schedule = street.stripe.object("subscription_schedule", at_stripe["schedule"])
    assert [phase["items"][0]["price"] for phase in schedule["phases"]][-1] != at_stripe["items"]["data"][0]["price"][
        "id"
    ]
    assert len(street.stripe.changes("POST /v1/subscription_schedules")) >= 1
    assert at_stripe["cancel_at_period_end"] is False

    # The webhooks came back, and the mirror shows what Stripe shows.
    await until("webhooks", lambda: [one for one in street.stripe.mail.sent if one.status in (200, 202)])
    (mirrored,) = (await street.desk.subscriptions.list()).items
    assert mirrored.scheduled is not None

    # The desk saw it live, and counts it once.
    await until("the run's end was told", lambda: "retention_run.ended" in street.types())
    assert street.types()[0] == "retention_run.started"
    assert street.types().count("retention_run.ended") == 1
    (run,) = (await street.desk.retention.runs()).items
    assert (run.outcome, run.accepted_offer, run.reason) == ("SAVED", "DOWNGRADE", "unused")
    assert run.channel == "APP"
    customer = await page.do("document.querySelector('[data-holdfast-cancel]').dataset.customerId")
    assert (run.user_id, run.customer_name) == (customer, "Ada Lovelace")
    saved = next(frame for frame in street.told if frame.get("type") == "retention_run.ended")
    assert saved["data"]["outcome"] == "SAVED"
    series = (await street.desk.retention.saved_users()).series
    assert [sum(getattr(day, name) for day in series) for name in ("attempts", "saved", "cancelled")] == [1, 1, 0]


async def test_a_customer_who_wants_to_leave_is_let_go_by_keys_alone(street: Street) -> None:
    page = street.page
    await page.do("document.querySelector('[data-holdfast-cancel]').focus()")
    await page.press("Enter")
    assert await street.step() == "What makes you leave?"
    await page.press("c", "Tab", "Enter")
    await page.until(f"{SHADOW}.querySelector('h2').textContent === 'Your subscription is cancelled'", SECONDS)
    await page.press("Escape")
    assert await page.do("document.querySelector('#standing').dataset.standing") == "CANCELLED"
    assert street.stripe.subscription(street.subscription)["cancel_at_period_end"] is True
    (run,) = (await street.desk.retention.runs()).items
    assert (run.outcome, run.accepted_offer) == ("CANCELLED", None)
    # Who comes back is told so, and nothing is done twice.
    await page.click("document.querySelector('[data-holdfast-cancel]')")
    assert await street.step() == "Your subscription is cancelled"
    assert len((await street.desk.retention.runs()).items) == 1
