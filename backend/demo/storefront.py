"""The customers' app of the demo: the account page of Thali & Tandoor, on a port of its own.

It is another origin than the backend, under a strict policy, as a customer's app is: it loads /track.js and /retention.js
with a key that is good for this page only.
"""

import asyncio
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from backend.client import Client
from backend.demo.cast import OWNER, PASSWORD
from backend.identity.schemas import KeyCreate

_FOLDER = Path(__file__).with_name("shop")
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_POLICY = (
    "default-src 'none'; script-src 'self' {api}; connect-src {api}; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_KEY_NAME = "Account page"
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
    """The app. `api` is the backend; what is asked for before the shop has `opened` waits for it."""

    def __init__(self, api: str) -> None:
        self.api = api
        self._key: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def open(self, page: str) -> None:
        """Make the page's key, as the owner; those of earlier runs stood in pages that are gone."""
        origin = page.rsplit("/", 1)[0]
        async with Client(self.api) as owner:
            await owner.identity.sign_in(OWNER.email, PASSWORD)
            for old in (await owner.keys.list()).items:
                if old.name == _KEY_NAME and old.revoked_at is None:
                    await owner.keys.revoke(old.id)
            made = await owner.keys.create(KeyCreate(name=_KEY_NAME, origins=[origin]))
        self._key.set_result(made.key)

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
        who = await self._regular()
        words = {**vars(who), "given": who.name.split(" ")[0], "api": self.api, "key": await self._key}
        return Template(page).substitute({name: escape(word) for name, word in words.items()}).encode()

    async def _regular(self) -> Regular:
        """The customer whose page it is: the first with a name that people have."""
        async with Client(self.api) as owner:
            await owner.identity.sign_in(OWNER.email, PASSWORD)
            people = (await owner.customers.list(limit=50)).items
        first = next(one for one in people if _PLAIN.fullmatch(one.name))
        return Regular(first.user_id, first.name)
