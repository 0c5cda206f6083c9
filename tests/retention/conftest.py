"""A customer's app with a button to cancel, and a desk behind it that does what the test says."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest_asyncio

from backend.demo.outside.serve import served
from tests.retention.desk import Desk, started
from tests.support.browser import Browser, Page
from tests.support.host import Host

SHADOW = "document.querySelector('holdfast-retention').shadowRoot"
ATTRIBUTES = 'data-holdfast-cancel data-customer-id="c-42" data-subscription-id="sub_1"'
HURRIED = "setTimeout = (real => (act, ms) => real(act, ms / 20))(setTimeout);"
"""Waiting takes a twentieth of the time; what is too slow is so after half a second."""


@dataclass
class Leaving:
    """A tab with the account page, and the dialog in it."""

    desk: Desk
    host: Host
    url: str
    browser: Browser
    pages: list[Page] = field(default_factory=list)

    async def visit(self, before: str = HURRIED, **size: int) -> Page:
        page = await self.browser.page(f"{self.url}/account", before=before, **size)
        await page.do(
            "addEventListener('holdfast:outcome', e => window.told = [...(window.told || []), e.detail.outcome])"
        )
        self.pages.append(page)
        return page

    async def open(self, *answers: Any, before: str = HURRIED, **size: int) -> Page:
        """The page, with the dialog open at its first step; `answers` are what the desk will say."""
        self.desk.answers += answers or [started()]
        page = await self.visit(before, **size)
        await page.click("document.querySelector('[data-holdfast-cancel]')")
        await page.until(f"document.querySelector('holdfast-retention') && {title()} !== 'One moment…'")
        return page


def button(label: str) -> str:
    """The button that says so."""
    return f"[...{SHADOW}.querySelectorAll('button')].find(one => one.firstChild.textContent === '{label}')"


def title() -> str:
    return f"{SHADOW}.querySelector('h2').textContent"


async def at(page: Page, heading: str) -> None:
    """Wait for the step of that title."""
    await page.until(f"{title()} === {heading!r}")


@pytest_asyncio.fixture
async def leaving(browser: Browser) -> AsyncIterator[Leaving]:
    desk, host = Desk(), Host()
    async with served(desk) as api, served(host) as url:
        host.api, host.scripts = api, {"/retention.js": {"key": "hfk_page"}}
        host.body = f'<main><h1>Account</h1><a href="/goodbye" {ATTRIBUTES}>Cancel plan</a></main>'
        yield Leaving(desk, host, url, browser)
