"""The one door to Stripe. Everything it answers is plain JSON; every call may raise a `Trouble` of `core.outside`.

Throttled and Unreached: nothing was done. Refused: Stripe said no, and did nothing. Unclear: it may have been done; the
same call with the same idempotency key may be repeated within 24 hours, and does it once.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from backend.billing.pace import LIVE_PER_SECOND, SANDBOX_PER_SECOND, Pace, Time
from backend.core.outside import Outside, Refused, Throttled, Trouble, Unclear, Unreached
from backend.core.text import clean_line

if TYPE_CHECKING:
    import httpx
    import stripe

API_VERSION = "2026-10-28.endive"
"""Pinned: webhook endpoints are to be made with the same."""
TIMEOUT_SECONDS = 30.0
PAGE = 100
TRIES = 5
WAITS_AT_MOST = 20.0
"""Seconds. When Stripe wants to be left alone for longer, the caller is told so (Throttled)."""
SHOWN = ("customer.invoice_settings.default_payment_method", "default_payment_method", "discounts.source.coupon")
SHOWN_WITH_SUBSCRIPTION = (*SHOWN, "schedule", "latest_invoice")
_WORDS = 300
Shown = dict[str, Any]


@dataclass(frozen=True)
class Door:
    """What is needed to call an account. `account` is its id when a Connect platform's key calls it."""

    business_id: str
    key: str = field(repr=False)
    account: str | None
    is_live: bool


def is_live_key(key: str) -> bool:
    """Stripe's keys say so themselves: sk_live_…, rk_test_…"""
    return "_live_" in key[:9]


class Gateways:
    """The gateways of this process: one pace for each account, one client for each key."""

    def __init__(self, outside: Outside, base: str = "", *, http: "httpx.AsyncClient | None" = None) -> None:
        self._outside, self._base, self._http = outside, base, http
        self.time = Time()
        self._paces: dict[tuple[str, str | None], Pace] = {}
        self._clients: dict[str, stripe.StripeClient] = {}

    def open(self, door: Door, *, tries: int = TRIES) -> "Gateway":
        """The account behind `door`; `tries` are fewer where somebody waits for the answer."""
        per_second = LIVE_PER_SECOND if door.is_live else SANDBOX_PER_SECOND
        pace = self._paces.setdefault((door.key, door.account), Pace(per_second, self.time))
        return Gateway(self, door, pace, tries)

    async def client(self, key: str) -> "stripe.StripeClient":
        """Made on first use: Stripe's library takes a while to import."""
        if key not in self._clients:
            await asyncio.to_thread(import_module, "stripe")
            import stripe

            http = stripe.HTTPXClient(timeout=TIMEOUT_SECONDS)
            await http.close_async()  # type: ignore[no-untyped-call]
            http._client_async = self._http or self._outside.http
            base: Any = {"api": self._base.rstrip("/"), "connect": self._base.rstrip("/")} if self._base else None
            self._clients[key] = stripe.StripeClient(
                key, http_client=http, stripe_version=API_VERSION, base_addresses=base, max_network_retries=0
            )
        return self._clients[key]


class Gateway:
    """One account at Stripe."""

    def __init__(self, gateways: Gateways, door: Door, pace: Pace, tries: int) -> None:
        self.door, self._gateways, self._pace, self._tries = door, gateways, pace, tries

    # Reading

    async def get(self, path: str, **params: Any) -> Shown:
        """GET /v1/{path}. Refused with status 404 when there is no such thing."""
        return await self._call("get", path, params)

    async def subscription(self, id: str) -> Shown:
        """With its customer, discounts, schedule and latest invoice expanded."""
        return await self.get(f"subscriptions/{id}", expand=list(SHOWN_WITH_SUBSCRIPTION))

    async def customer(self, id: str) -> Shown:
        return await self.get(f"customers/{id}")

    async def price(self, id: str) -> Shown:
        """With its product expanded."""
        return await self.get(f"prices/{id}", expand=["product"])

    async def schedule(self, id: str) -> Shown:
        return await self.get(f"subscription_schedules/{id}")

    async def invoice(self, id: str) -> Shown:
        """With its payments expanded."""
        return await self.get(f"invoices/{id}", expand=["payments"])

    async def charge(self, id: str) -> Shown:
        return await self.get(f"charges/{id}")

    async def dispute(self, id: str) -> Shown:
        """With its charge expanded."""
        return await self.get(f"disputes/{id}", expand=["charge"])

    async def account(self) -> Shown:
        """The account that the key belongs to."""
        return await self.get(f"accounts/{self.door.account}" if self.door.account else "account")

    async def page(self, path: str, after: str | None = None, **filters: Any) -> tuple[list[Shown], str | None]:
        """A page of a list, the newest first, and the id to go on after; None at the end."""
        if after is not None:
            filters["starting_after"] = after
        answer = await self.get(path, **{"limit": PAGE, **filters})
        items: list[Shown] = answer.get("data") or []
        return items, items[-1]["id"] if items and answer.get("has_more") else None

    async def pages(self, path: str, **filters: Any) -> AsyncIterator[list[Shown]]:
        """Everything in a list, page by page."""
        after: str | None = None
        while True:
            items, after = await self.page(path, after, **filters)
            yield items
            if after is None:
                return

    async def each(self, path: str, **filters: Any) -> AsyncIterator[Shown]:
        """Everything in a list, one by one: `each("events", created={"gte": 1700000000}, types=[…])`."""
        async for items in self.pages(path, **filters):
            for item in items:
                yield item

    async def create_preview(self, **params: Any) -> Shown:
        """POST /v1/invoices/create_preview: what an invoice would be. Changes nothing."""
        return await self._call("post", "invoices/create_preview", params)

    # Writing: `key` is the idempotency key, kept before the call

    async def post(self, path: str, key: str, **params: Any) -> Shown:
        """POST /v1/{path}."""
        return await self._call("post", path, params, key)

    async def update_subscription(self, id: str, key: str, **changes: Any) -> Shown:
        """`""` clears a field (`pause_collection`, `discounts`); a list of discounts replaces the one that is there."""
        return await self.post(f"subscriptions/{id}", key, expand=list(SHOWN_WITH_SUBSCRIPTION), **changes)

    async def pause_subscription(self, id: str, key: str, **params: Any) -> Shown:
        """Pause the service; only with flexible billing, and without a schedule."""
        return await self.post(f"subscriptions/{id}/pause", key, **params)

    async def resume_subscription(self, id: str, key: str, **params: Any) -> Shown:
        """Resume a paused service. (Paused billing is resumed by an update.)"""
        return await self.post(f"subscriptions/{id}/resume", key, **params)

    async def cancel_subscription(self, id: str, key: str, **params: Any) -> Shown:
        """End it at once."""
        return await self._call("delete", f"subscriptions/{id}", params, key)

    async def create_coupon(self, key: str, **params: Any) -> Shown:
        return await self.post("coupons", key, **params)

    async def create_schedule(self, key: str, **params: Any) -> Shown:
        return await self.post("subscription_schedules", key, **params)

    async def update_schedule(self, id: str, key: str, **params: Any) -> Shown:
        return await self.post(f"subscription_schedules/{id}", key, **params)

    async def release_schedule(self, id: str, key: str) -> Shown:
        """The subscription goes on without it."""
        return await self.post(f"subscription_schedules/{id}/release", key)

    # Connect, with the platform's key

    async def exchange(self, code: str) -> Shown:
        """What an OAuth code stands for: `stripe_user_id`, `livemode`. Refused (invalid_grant) when it was used or is old.

        Called once: a code that may have been used cannot be tried again.
        """
        return await self._call("post", "/oauth/token", {"grant_type": "authorization_code", "code": code})

    async def deauthorise(self, client_id: str, account: str) -> Shown:
        """Give up the access to an account. Refused when there is none (any more)."""
        return await self._call("post", "/oauth/deauthorize", {"client_id": client_id, "stripe_user_id": account})

    # The call

    async def _call(self, method: str, path: str, params: Mapping[str, Any], key: str | None = None) -> Shown:
        """One call, tried again with the same key after what may pass. The last trouble when it did not."""
        client, time = await self._gateways.client(self.door.key), self._gateways.time
        is_oauth = path.startswith("/oauth/")
        url = path if is_oauth else f"/v1/{path}"
        options: dict[str, Any] = {"idempotency_key": key} if key else {"base": "connect"} if is_oauth else {}
        if self.door.account and not is_oauth and not path.startswith("accounts/"):
            options["stripe_account"] = self.door.account
        for tries in range(1, self._tries + 1):
            await self._pace.take()
            async with self._pace.slots:
                trouble = None
                try:
                    answer = await client.raw_request_async(method, url, **params, **options)
                except Exception as error:
                    trouble, may_pass = _understood(error)
                    if trouble is None:
                        raise
            if trouble is None:
                found: Shown = answer.data
                return found
            wait = time.backoff(tries)
            if isinstance(trouble, Throttled):
                wait += trouble.seconds
                self._pace.hold(trouble.seconds)
            if not may_pass or tries == self._tries or wait > WAITS_AT_MOST:
                raise trouble
            await time.sleep(wait)
        raise AssertionError("unreachable")


def _understood(error: Exception) -> tuple[Trouble | None, bool]:
    """(what happened, whether another try may help); (None, False) for what did not come from Stripe."""
    import httpx
    import stripe

    if not isinstance(error, stripe.StripeError):
        return None, False
    status, headers = error.http_status or 0, error.headers or {}
    body = error.json_body if isinstance(error.json_body, dict) else {}
    told = body.get("error")
    told = told if isinstance(told, dict) else {"message": body.get("error_description") or told, "code": told}
    words = clean_line(str(told.get("message") or error.user_message or type(error).__name__))[:_WORDS]
    code = str(told.get("code") or told.get("type") or "")
    words = f"Stripe answered {status}: {words}" if status else f"Stripe did not answer ({_cause(error)})"
    should = headers.get("stripe-should-retry", headers.get("Stripe-Should-Retry"))
    if isinstance(error, stripe.APIConnectionError):
        unsent = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
        if isinstance(error.__cause__, unsent):
            return Unreached(f"Stripe cannot be reached ({_cause(error)})"), True
        return Unclear(words), True
    if status == 429 or isinstance(error, stripe.RateLimitError):
        return Throttled(words, _retry_after(headers)), should != "false"
    if status >= 500 or status == 409 or status < 400:
        return Unclear(words), should != "false"
    return Refused(words, status, code), should == "true"


def _cause(error: Exception) -> str:
    return type(error.__cause__ or error).__name__


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds; none when Stripe does not say."""
    try:
        return max(0.0, float(headers.get("retry-after", headers.get("Retry-After", ""))))
    except ValueError:
        return 0.0
