"""The customers' app of the demo: the account page of Thali & Tandoor, on a port of its own.

It is another origin than the backend, under a strict policy, as a customer's app is: it loads /track.js and /retention.js
with a key that is good for this page only.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from backend.billing.schemas import SubscriptionRead
from backend.client import Client
from backend.demo.cast import OWNER, PASSWORD
from backend.demo.entry import enter
from backend.identity.schemas import KeyCreate, KeyCreated
from backend.identity.vouching import customer_token

_FOLDER = Path(__file__).with_name("shop")
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_POLICY = (
    "default-src 'none'; script-src 'self' {api}; connect-src {api}; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_KEY_NAME = "Account page"
_PATIENCE = 8.0
"""Seconds from the opening in which the first subscriptions may still come."""
_PLAIN = re.compile(r"[A-Z][a-z]+ [A-Z][A-Za-z']+")
"""Other names have their place in the console."""


@dataclass(frozen=True)
class Regular:
    """Whose account page it is, and what they subscribe to."""

    customer: str
    name: str
    subscription: str = "sub_demo"
    plan: str = "Feast Club"
    price: str = "₹2,499"
    interval: str = "a month"
    status: str = "ACTIVE"
    standing: str = "Active"


class Storefront:
    """The app, for a page that is shown to one customer. What is asked for before it has been `open`ed waits for that.

    `api` is the backend, `owner` whose business it is: an e-mail address and a password.
    """

    def __init__(self, api: str, owner: tuple[str, str] = (OWNER.email, PASSWORD)) -> None:
        self.api, self._owner = api, owner
        self._key: asyncio.Future[KeyCreated] = asyncio.get_running_loop().create_future()
        self._subscription: str | None = None
        self._until = 0.0

    @asynccontextmanager
    async def _signed_in(self) -> AsyncIterator[Client]:
        async with Client(self.api) as owner:
            await enter(owner, *self._owner)
            yield owner

    async def open(self, page: str) -> None:
        """Make the page's key, as the owner; those of earlier runs stood in pages that are gone."""
        origin = page.rsplit("/", 1)[0]
        async with self._signed_in() as owner:
            for old in (await owner.keys.list()).items:
                if old.name == _KEY_NAME and old.revoked_at is None:
                    await owner.keys.revoke(old.id)
            made = await owner.keys.create(KeyCreate(name=_KEY_NAME, origins=[origin]))
        self._until = time.monotonic() + _PATIENCE
        self._key.set_result(made)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (await self._answer(scope["path"]))(scope, receive, send)

    async def _answer(self, path: str) -> Response:
        headers = {"content-security-policy": _POLICY.format(api=self.api), "referrer-policy": "no-referrer"}
        headers |= {"x-content-type-options": "nosniff", "cache-control": "no-store"}
        if path == "/":
            return Response(status_code=307, headers=headers | {"location": "/account"})
        file = _FOLDER / (path[1:] if "." in path else f"{path[1:]}.html")
        if file.parent != _FOLDER or not file.is_file():
            return Response("There is no such page.", 404, headers, "text/plain")
        content = file.read_bytes()
        if path == "/account":
            content = await self._account(content.decode())
        return Response(content, headers=headers, media_type=_TYPES[file.suffix])

    async def _account(self, page: str) -> bytes:
        key = await self._key
        async with self._signed_in() as owner:
            while (one := await self._chosen(owner)) is None and time.monotonic() < self._until:  # noqa: ASYNC110
                await asyncio.sleep(0.3)
            who = await _anybody(owner) if one is None else _regular(one)
        words = {**vars(who), "given": who.name.split(" ")[0], "api": self.api}
        words |= {"key": key.key, "token": customer_token(key.customer_secret or "", who.customer)}
        return Template(page).substitute({name: escape(word) for name, word in words.items()}).encode()

    async def _chosen(self, owner: Client) -> SubscriptionRead | None:
        """The subscription that the page is about, whatever becomes of it: the first one that could be cancelled."""
        if self._subscription is not None:
            return await owner.subscriptions.show(self._subscription)
        found = (await owner.subscriptions.list(status="active", limit=50)).items
        one = next((one for one in found if not one.cancel_at_period_end and _PLAIN.fullmatch(one.customer.name)), None)
        self._subscription = one.id if one else None
        return one


def _regular(one: SubscriptionRead) -> Regular:
    """What the page says of a subscription."""
    price = f"{'₹' if one.currency == 'INR' else one.currency + ' '}{one.amount:,.2f}".removesuffix(".00")
    standing, status = "Active", "ACTIVE"
    if one.cancel_at_period_end or one.ended_at is not None:
        standing, status = "Cancelled", "CANCELLED"
    elif one.pause is not None:
        standing, status = "Paused", "PENDING"
    elif one.scheduled is not None or one.discounts:
        standing = "Active, with a change"
    return Regular(
        one.customer.external_id,
        one.customer.name,
        one.stripe_subscription_id,
        one.plan.name if one.plan else "Subscription",
        price,
        f"a {one.interval}" if one.interval_count == 1 else f"every {one.interval_count} {one.interval}s",
        status,
        standing,
    )


async def _anybody(owner: Client) -> Regular:
    """The first customer with a name that people have; what they subscribe to is made up."""
    people = (await owner.customers.list(limit=50)).items
    first = next(one for one in people if _PLAIN.fullmatch(one.name))
    return Regular(first.user_id, first.name)
