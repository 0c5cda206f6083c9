"""The double with what builds its worlds and delivers its webhooks."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

from backend.demo.outside.stripe import (  # noqa: F401 – each declares its routes
    catalogue,
    coupons,
    customers,
    events,
    invoicing,
    money,
    oauth,
    subscriptions,
    takings,
    world,
)
from backend.demo.outside.stripe.access import Key
from backend.demo.outside.stripe.app import Serving
from backend.demo.outside.stripe.book import Book, new_id
from backend.demo.outside.stripe.mail import Post
from backend.demo.outside.stripe.payments import make_charge
from backend.demo.outside.stripe.rows import Body


class StripeDouble(Serving):
    """See the package."""

    # -- worlds. `book`: whose account; the double's own when none is given.

    def plan(
        self,
        name: str = "Pro",
        amount: int = 2_900,
        *,
        interval: str = "month",
        every: int = 1,
        currency: str = "usd",
        product: str | None = None,
        book: Book | None = None,
    ) -> Body:
        """A price, in minor units each `every` intervals, of a new product (or `product`)."""
        return world.add_plan(book or self.account, name, amount, interval, every, currency, product)

    def customer(
        self,
        email: str = "ada@example.com",
        name: str | None = None,
        *,
        declines: str | None = None,
        has_card: bool = True,
        book: Book | None = None,
        **more: Any,
    ) -> Body:
        """A customer with a card; `declines` is why its charges fail, such as `insufficient_funds`."""
        return world.add_customer(book or self.account, email, name, declines, has_card=has_card, **more)

    def coupon(
        self, percent_off: float | None = None, amount_off: int | None = None, *, book: Book | None = None, **more: Any
    ) -> Body:
        """A coupon; `more` are its other keys, such as `duration`, `duration_in_months`, `id`."""
        return world.add_coupon(book or self.account, percent_off, amount_off, **more)

    def subscribe(
        self,
        customer: Body | None = None,
        price: Body | None = None,
        *,
        quantity: int = 1,
        trial_days: int = 0,
        coupon: str | None = None,
        is_flexible: bool = False,
        is_told: bool = False,
        book: Book | None = None,
        **more: Any,
    ) -> Body:
        """A subscription from now on, its first invoice paid; customer and price are made when none are given.

        `is_told`: events of it are told. `more`: its other keys.
        """
        book = book or self.account
        with self._telling(book, is_told):
            customer = customer or self.customer(book=book)
            price = price or self.plan(book=book)
            if is_flexible:
                more["billing_mode"] = {"flexible": None, "type": "flexible"}
            about: dict[str, Any] = {"quantity": quantity, "trial_days": trial_days, "coupon": coupon}
            return world.add_subscription(book, customer, price, **about, **more)

    def subscribe_many(
        self, number: int, price: Body | None = None, *, renews: bool = False, days: int = 365, book: Book | None = None
    ) -> list[str]:
        """Ids of many active subscriptions that began in the last `days`; without invoices, and without events.

        They stand still unless `renews`.
        """
        book = book or self.account
        price, span = price or self.plan(book=book), days * 86_400
        return world.add_many(book, number, price, since=book.now() - span, spread=span, renews=renews)

    def decline(self, customer: str, code: str = "insufficient_funds", *, book: Book | None = None) -> None:
        """Have the charges of a customer's cards fail from now on."""
        book = book or self.account
        for method in book.rows("payment_method").of("customer", customer):
            book.declines[method["id"]] = code

    def accept(self, customer: str, *, book: Book | None = None) -> None:
        """Have them succeed again."""
        book = book or self.account
        for method in book.rows("payment_method").of("customer", customer):
            book.declines.pop(method["id"], None)

    def takings(
        self, number: int, *, days: int = 90, currency: str = "", seed: int = 1, book: Book | None = None
    ) -> dict[str, int]:
        """So many charges in the last `days` with refunds, disputes and payouts; how many of each. Nobody is told."""
        book = book or self.account
        return takings.add_takings(book, number, days=days, currency=currency or book.currency, seed=seed)

    def charge(self, amount: int, currency: str = "", *, is_told: bool = False, book: Book | None = None) -> Body:
        """A charge that succeeds now, of minor units."""
        book = book or self.account
        with self._telling(book, is_told):
            made = make_charge(book, None, amount, currency or book.currency, None)
            book.tell("charge.succeeded", made)
        return made

    def payout(self, amount: int, currency: str = "", *, book: Book | None = None) -> Body:
        """Money on its way to the bank now; events are told."""
        book = book or self.account
        return money.make_payout(book, amount, currency or book.currency, automatic=True)

    def fail_payout(self, id: str, code: str = "account_closed", *, book: Book | None = None) -> Body:
        """The bank sends a payout back, though it was paid; events are told."""
        book = book or self.account
        return book.change("payout.failed", book.find("payout", id), status="failed", failure_code=code)

    def fail_refund(self, id: str, *, book: Book | None = None) -> Body:
        """The bank sends a refund back; events are told."""
        book = book or self.account
        body = book.find("refund", id)
        charge = book.find("charge", body["charge"])
        left = charge["amount_refunded"] - body["amount"]
        book.change("charge.updated", charge, amount_refunded=left, refunded=False)
        return book.change("refund.failed", body, status="failed")

    def dispute(self, charge: str, reason: str = "fraudulent", *, book: Book | None = None) -> Body:
        """The customer's bank disputes a charge; events are told."""
        book = book or self.account
        return money.dispute(book, book.find("charge", charge), reason)

    def decide(self, dispute: str, status: str, *, book: Book | None = None) -> Body:
        """A dispute is `won` or `lost`; events are told."""
        book = book or self.account
        return money.close_dispute(book, book.find("dispute", dispute), status)

    @contextmanager
    def past(self, days: float, *, book: Book | None = None) -> Iterator[None]:
        """Build what began so long ago: renewals, payments and payouts since then have happened, and nobody was told."""
        with self._telling(book or self.account, False), self.time.ago(days=days):
            yield

    @contextmanager
    def _telling(self, book: Book, is_told: bool) -> Iterator[None]:
        was, book.is_quiet = book.is_quiet, not is_told
        try:
            yield
        finally:
            book.is_quiet = was

    def subscription(self, id: str, *, book: Book | None = None) -> Body:
        """A subscription as it is now."""
        self.time.catch_up()
        return (book or self.account).find("subscription", id)

    def object(self, kind: str, id: str, *, book: Book | None = None) -> Body:
        """Anything as it is now, by the name of Stripe's `object`."""
        self.time.catch_up()
        return (book or self.account).find(kind, id)

    def told(self, *types: str, book: Book | None = None) -> list[Body]:
        """All events, or those of these types, the oldest first."""
        self.time.catch_up()
        return [one for one in (book or self.account).rows("event") if not types or one["type"] in types]

    # -- keys and accounts

    def restricted_key(self, *scopes: str, book: Book | None = None) -> str:
        """A key that may only what these name, such as `subscription_write`, `charge_read`."""
        key = new_id("rk_test")
        self.keys_of[key] = Key((book or self.account).id, frozenset(scopes))
        return key

    def connect(self, account: str = "", **about: Any) -> Book:
        """Another account that the platform's key has access to by `Stripe-Account`."""
        book = self.books.get(account) or self.open(account or new_id("acct"), **about)
        self.connected.add(book.id)
        return book

    def disconnect(self, account: str) -> None:
        """The owner of an account takes the platform's access away, in their dashboard."""
        oauth.disconnect(self, account)

    # -- webhooks

    def endpoint(
        self,
        url: str,
        types: list[str] | None = None,
        *,
        api_version: str | None = None,
        connect: bool = False,
        book: Book | None = None,
    ) -> tuple[str, str]:
        """Have events posted to an address; the id of the endpoint and its signing secret."""
        book = book or self.account
        made = events.make_endpoint(book, url, types or ["*"], api_version, connect=connect)
        return made["id"], book.secrets[made["id"]][0][0]

    def roll(self, endpoint: str, *, keep: int = 86_400, book: Book | None = None) -> str:
        """A new signing secret; for `keep` seconds those before sign, too."""
        return events.roll(book or self.account, endpoint, keep)

    async def deliver(self, post: Post | None = None) -> int:
        """Post all webhooks that are due, over HTTP or by `post`; how many were."""
        self.time.catch_up()
        if post:
            return await self.mail.deliver(post)
        import httpx

        async with httpx.AsyncClient(timeout=10, trust_env=False) as http:
            return await self.mail.deliver(_over(http))

    @asynccontextmanager
    async def sending(self, post: Post | None = None, *, every: float = 0.2) -> AsyncIterator[None]:
        """Meanwhile, post what is due as soon as it is; retries are looked for `every` so many seconds."""
        wake = asyncio.Event()
        self.mail.on_waiting = wake.set
        task = asyncio.create_task(self._send(wake, post, every))
        try:
            yield
        finally:
            self.mail.on_waiting = lambda: None
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _send(self, wake: asyncio.Event, post: Post | None, every: float) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), every)
            wake.clear()
            self.time.catch_up()
            due = self.mail.next_due
            if due is not None and due <= self.time.now():
                await self.deliver(post)

    # -- time

    def now(self) -> int:
        """The double's present in Unix seconds."""
        return self.time.now()

    def advance(self, **span: float) -> int:
        """Move its clock (`days=`, `hours=`, `minutes=`, `seconds=`), and let happen what falls due; the present."""
        return self.time.advance(**span)


def _over(http: Any) -> Post:
    async def post(url: str, body: bytes, headers: dict[str, str]) -> int:
        import httpx

        try:
            response = await http.post(url, content=body, headers=headers)
        except httpx.HTTPError:
            return 0
        return int(response.status_code)

    return post
