"""Webhooks: events posted to endpoints, signed as Stripe signs them, tried again, and with mischief on the way."""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

import orjson

from backend.demo.outside.stripe.book import Book
from backend.demo.outside.stripe.rows import Body
from backend.demo.outside.stripe.shapes import shaped
from backend.demo.outside.stripe.time import DAY, HOUR, Time

Post = Callable[[str, bytes, dict[str, str]], Awaitable[int]]
"""Posts a body with headers to an address; the status (0: no answer)."""
_TEST_TRIES = (600, HOUR, 6 * HOUR)
_LIVE_LASTS = 3 * DAY


@dataclass
class Mischief:
    """What befalls the next `times` deliveries of events whose type begins with `on`.

    `how`: delivered twice; after all others that are due; `seconds` later; never; signed with a wrong secret; with a
    timestamp `seconds` (an hour) old; or as if the endpoint had answered 500, and again later.
    """

    how: Literal["duplicate", "reorder", "delay", "drop", "wrong_secret", "stale", "fail"]
    on: str = ""
    times: int = 1
    seconds: int = HOUR


@dataclass(eq=False)
class Letter:
    """One event on its way to one endpoint."""

    book: Book
    """Whose endpoint it is."""
    endpoint: str
    event: Body
    about: Book
    """Whose event it is."""
    due: int
    tries: int = 0
    is_last: bool = False
    state: Literal["waiting", "delivered", "lost"] = "waiting"


@dataclass
class Sent:
    """What was posted, and what was answered."""

    url: str
    body: bytes
    headers: dict[str, str]
    status: int
    type: str
    event_id: str


class Mail:
    """All deliveries of a double."""

    def __init__(self, time: Time) -> None:
        self.time = time
        self.mischief: list[Mischief] = []
        self.sent: list[Sent] = []
        self._waiting: list[Letter] = []
        self._last: list[Letter] = []
        self._of: dict[str, list[Letter]] = {}
        self.on_waiting: Callable[[], None] = lambda: None

    def write(self, about: Book, event: Body, book: Book, *, connect: bool) -> None:
        """Address an event to the endpoints of a book that want it: its own, or (`connect`) those for others'."""
        for endpoint in book.rows("webhook_endpoint"):
            wants = endpoint["enabled_events"]
            if endpoint["status"] != "enabled" or bool(endpoint["application"]) != connect:
                continue
            if "*" in wants or event["type"] in wants:
                letter = Letter(book, endpoint["id"], event, about, self.time.now())
                self._waiting.append(letter)
                self._of.setdefault(event["id"], []).append(letter)
                self.on_waiting()

    def pending(self, event_id: str) -> int:
        """How many endpoints do not have it yet."""
        return sum(1 for letter in self._of.get(event_id, []) if letter.state == "waiting")

    def is_delivered(self, event_id: str) -> bool:
        """Whether all endpoints that wanted it have it."""
        return all(letter.state == "delivered" for letter in self._of.get(event_id, []))

    @property
    def next_due(self) -> int | None:
        """When the next delivery is due (Unix seconds)."""
        return min((letter.due for letter in self._waiting), default=None)

    async def deliver(self, post: Post) -> int:
        """Post all that is due; how many posts were made."""
        posts = 0
        while letter := self._next():
            mischief = None if letter.is_last else self._befalls(letter)
            if mischief and mischief.how == "reorder":
                letter.is_last = True
                self._last.append(letter)
                continue
            posts += await self._try(letter, mischief, post)
        return posts

    def _next(self) -> Letter | None:
        """The next letter that is due, taken off the pile; those that are to be last at the end."""
        now = self.time.now()
        for at, letter in enumerate(self._waiting):
            if letter.due <= now:
                return self._waiting.pop(at)
        return self._last.pop(0) if self._last else None

    def _befalls(self, letter: Letter) -> Mischief | None:
        found = next((one for one in self.mischief if letter.event["type"].startswith(one.on)), None)
        if found:
            found.times -= 1
            if found.times <= 0:
                self.mischief.remove(found)
        return found

    async def _try(self, letter: Letter, mischief: Mischief | None, post: Post) -> int:
        how = mischief.how if mischief else ""
        if mischief and how == "delay":
            letter.due = self.time.now() + mischief.seconds
            self._waiting.append(letter)
            return 0
        if how == "drop":
            letter.state = "lost"
            return 0
        endpoint = letter.book.rows("webhook_endpoint").get(letter.endpoint)
        if endpoint is None or endpoint["status"] != "enabled":
            letter.state = "lost"
            return 0
        if how == "fail":
            self._later(letter)
            return 0
        body = self._body(letter, endpoint)
        at = self.time.now() - (mischief.seconds if mischief and how == "stale" else 0)
        secrets = ["whsec_wrong"] if how == "wrong_secret" else self.secrets(letter.book, letter.endpoint)
        headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Stripe/1.0"}
        headers["Stripe-Signature"] = signature(body, at, secrets)
        times = 2 if how == "duplicate" else 1
        for _ in range(times):
            try:
                status = await post(endpoint["url"], body, headers)
            except BaseException:  # who posts was stopped: it is still to be posted
                self._waiting.insert(0, letter)
                raise
            self.sent.append(Sent(endpoint["url"], body, headers, status, letter.event["type"], letter.event["id"]))
        letter.state = "delivered" if 200 <= status < 300 else "waiting"
        if letter.state == "waiting":
            self._later(letter)
        return times

    def _later(self, letter: Letter) -> None:
        waits = [60 * 2**n for n in range(12)] if letter.book.livemode else list(_TEST_TRIES)
        if letter.tries >= len(waits) or sum(waits[: letter.tries + 1]) > _LIVE_LASTS:
            letter.state = "lost"
            return
        letter.due = self.time.now() + waits[letter.tries]
        letter.tries += 1
        self._waiting.append(letter)

    def _body(self, letter: Letter, endpoint: Body) -> bytes:
        version = endpoint["api_version"] or letter.about.api_version
        event = shaped(letter.about, letter.event, version) | {"api_version": version}
        return orjson.dumps(event | {"pending_webhooks": self.pending(event["id"])}, option=orjson.OPT_INDENT_2)

    def secrets(self, book: Book, endpoint: str) -> list[str]:
        """The secrets that sign now."""
        return [one for one, ends in book.secrets[endpoint] if ends is None or ends > self.time.now()]


def signature(body: bytes, at: int, secrets: list[str]) -> str:
    """The `Stripe-Signature` of a body at a second: HMAC-SHA256 of "{t}.{body}", one v1 a secret."""
    signed = [hmac.new(secret.encode(), b"%d.%s" % (at, body), sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={at}", *(f"v1={one}" for one in signed)])
