"""The double itself: one ASGI app that answers as api.stripe.com and connect.stripe.com do."""

from collections import deque
from itertools import count
from time import monotonic
from typing import Any

import orjson
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from backend.core.clock import Clock
from backend.demo.outside.stripe.access import Key
from backend.demo.outside.stripe.book import Book, new_id
from backend.demo.outside.stripe.exchange import Change, Exchange, Lost
from backend.demo.outside.stripe.form import Params, read_form
from backend.demo.outside.stripe.keys import Answered, Keys
from backend.demo.outside.stripe.mail import Mail
from backend.demo.outside.stripe.mishap import Mishap
from backend.demo.outside.stripe.money import pay_out
from backend.demo.outside.stripe.refusal import Refusal
from backend.demo.outside.stripe.rows import Body
from backend.demo.outside.stripe.schedules import at_period_end
from backend.demo.outside.stripe.time import Time

IN_PROCESS = "holdfast.in_process"
"""A key of the scope: a dropped connection is a ConnectionResetError, a timeout a TimeoutError."""


class Serving:
    """What answers requests; `StripeDouble` adds what builds worlds."""

    def __init__(self, clock: Clock, *, account: str = "acct_double", **about: Any) -> None:
        """`about` the account as `Book` has it: livemode, currency, country, api_version."""
        self.time = Time(clock)
        self.mail = Mail(self.time)
        self.mishaps: list[Mishap] = []
        self.log: list[Change] = []
        self.requests: list[str] = []
        """All requests, as "METHOD /path?query"."""
        self.most_per_second: int | None = None
        """More requests in a second of this machine's are answered with 429."""
        self.latency = 0.0
        """Seconds that every answer takes."""
        self.keys_of: dict[str, Key] = {}
        self.connected: set[str] = set()
        """The accounts that the platform has access to."""
        self.codes: dict[str, tuple[str, int]] = {}
        """OAuth codes: whose, and until when."""
        self.used_codes: set[str] = set()
        self.elsewhere: set[str] = set()
        """The accounts that another platform controls."""
        self.books: dict[str, Book] = {}
        self.keys = Keys(self.time)
        self._numbers = count(1)
        self._lately: deque[float] = deque()
        self.account = self.open(account, **about)
        self.key = f"sk_{'live' if self.account.livemode else 'test'}_{account}"
        self.keys_of[self.key] = Key(account)

    def open(self, account: str, **about: Any) -> Book:
        """A new account, see `Book`."""
        book = Book(account, self.time, **about)
        book.on_event = self._address
        book.pay_out = pay_out
        book.turns.append(at_period_end)
        self.books[account] = book
        return book

    def book(self, account: str) -> Book:
        """What an account has."""
        return self.books[account]

    def _address(self, book: Book, event: Body) -> None:
        self.mail.write(book, event, book, connect=False)
        if book is not self.account and book.id in self.connected:
            self.mail.write(book, event | {"account": book.id}, self.account, connect=True)

    # -- serving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        self.time.catch_up()
        headers: dict[str, str] = {}
        answered: Answered | None
        request = Request(scope, receive)
        body = (await request.body()).decode()
        if request.url.path.startswith("/_fake/"):
            answered = self._control(request.url.path, body)
        elif request.url.path == "/oauth/authorize":
            status, headers, page = self.authorized(request.method, read_form(request.url.query) | read_form(body))
            answered = Answered(status, page, "")
        else:
            answered, headers = await self._answered(request, body, scope, receive)
        if answered is None:
            if IN_PROCESS in scope:
                raise ConnectionResetError("the double dropped the connection")
            start = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]}
            await send(start)
            return
        told = {"content-type": "application/json", "request-id": answered.request_id, **headers}
        raw = [(name.lower().encode(), value.encode()) for name, value in told.items()]
        raw.append((b"content-length", str(len(answered.body)).encode()))
        await send({"type": "http.response.start", "status": answered.status, "headers": raw})
        await send({"type": "http.response.body", "body": answered.body})

    def authorized(self, method: str, given: Params) -> tuple[int, dict[str, str], bytes]:
        """What the page of an owner who is to agree answers."""
        from backend.demo.outside.stripe.oauth import authorize

        return authorize(self, method, given)

    def _control(self, path: str, body: str) -> Answered:
        given = orjson.loads(body or "{}")
        if path == "/_fake/advance":
            return Answered(200, orjson.dumps({"now": self.time.advance(**given)}), "")
        if path == "/_fake/code":
            return Answered(200, orjson.dumps({"code": self.new_code(given["account"])}), "")
        if path == "/_fake/mishap":
            self.mishaps.append(Mishap(**given))
            return Answered(200, b"{}", "")
        return Answered(404, b"{}", "")

    async def _answered(
        self, request: Request, body: str, scope: Scope, receive: Receive
    ) -> tuple[Answered | None, dict[str, str]]:
        """The answer (None: the connection is dropped) and its headers."""
        asked = f"{request.method} {request.url.path}"
        self.requests.append(f"{asked}?{request.url.query}" if request.url.query else asked)
        headers: dict[str, str] = {}
        request_id = f"req_{next(self._numbers):014d}"
        mishap = self._befalling(asked)
        try:
            exchange = Exchange(self, request, body, request_id, mishap)
            headers = exchange.headers
            return await exchange.answered(), headers
        except Refusal as refusal:
            return Answered(refusal.status, orjson.dumps(refusal.body), request_id), headers | refusal.headers
        except Lost:
            if mishap and mishap.how == "timeout":
                if IN_PROCESS in scope:
                    raise TimeoutError("the double never answers") from None
                while (await receive())["type"] != "http.disconnect":
                    pass
            return None, {}

    def _befalling(self, asked: str) -> Mishap | None:
        """What goes wrong with a request."""
        if self._is_too_much():
            return Mishap("throttle", seconds=1)
        mishap = next((one for one in self.mishaps if one.befalls(asked)), None)
        if mishap:
            mishap.times -= 1
            if mishap.times <= 0:
                self.mishaps.remove(mishap)
        return mishap

    def _is_too_much(self) -> bool:
        now = monotonic()
        while self._lately and self._lately[0] <= now - 1:
            self._lately.popleft()
        if self.most_per_second is not None and len(self._lately) >= self.most_per_second:
            return True
        self._lately.append(now)
        return False

    # -- what happened

    def changes(self, on: str = "", *, key: str | None = None) -> list[Change]:
        """The requests that changed something, of those whose "METHOD /path" has `on`: replays and refusals are not."""
        return [
            one
            for one in self.log
            if one.is_done and on in f"{one.method} {one.path}" and (key is None or one.key == key)
        ]

    def new_code(self, account: str) -> str:
        """An OAuth code as the account's owner brings it back: for one use, in the next five minutes."""
        code = new_id("ac")
        self.codes[code] = (account, self.time.now() + 300)
        return code
