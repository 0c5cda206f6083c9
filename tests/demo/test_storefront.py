"""The customers' app of the demo: another origin, a strict policy, the scripts of the backend, and a way out."""

import pytest

from backend.client import Client
from tests.demo.demo_process import Demo
from tests.support.browser import Browser


@pytest.mark.parametrize("width", [360, 1_100])
async def test_a_customer_looks_at_their_account(demo: Demo, browser: Browser, width: int) -> None:
    page = await browser.page(demo.about["page"], width=width)
    assert page.troubles == []
    assert await page.do("document.querySelector('h1').textContent") == "Your account"
    assert await page.do("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"
    assert await page.do("[...document.images].every(image => image.naturalWidth > 0)")
    customer = await page.do("document.querySelector('[data-holdfast-cancel]').dataset.customerId")
    await page.do("Holdfast.flush()")
    await page.until("!Object.keys(localStorage).some(name => name.startsWith('holdfast:'))")
    async with Client(demo.url) as owner:
        await owner.identity.sign_in(demo.email("owner"), demo.password)
        assert (await owner.customers.show(customer)).user_id == customer
        keys = [key for key in (await owner.keys.list()).items if key.name == "Account page"]
        assert [key.origins for key in keys] == [[demo.about["page"].removesuffix("/account")]]
        assert keys[0].scopes == ["retention", "track"]


async def test_it_serves_nothing_but_the_shop(demo: Demo, browser: Browser) -> None:
    page = await browser.page(demo.about["page"])
    for path in ("/../cast.py", "/%2e%2e/cast.py", "/..", "/.", "/nothing", "/account.html/x"):
        assert await page.do(f"fetch('{path}').then(answer => answer.status, () => 0)") in (0, 404)
    assert "'unsafe" not in await page.do(
        "fetch(location).then(a => a.headers.get('content-security-policy'), () => '')"
    )
