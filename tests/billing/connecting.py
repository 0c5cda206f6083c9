"""Another business beside the first, whose owner goes to Stripe and comes back."""

import re
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from backend.client import Client
from tests.billing.conftest import Billing
from tests.support.backend import BASE, business_of

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
