"""Everything that one Stripe account has, and the events that tell of its changes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import Any

import orjson

from backend.demo.outside.stripe.refusal import missing
from backend.demo.outside.stripe.rows import Body, Rows
from backend.demo.outside.stripe.time import DAY, Time

CURRENT = "2026-10-28.endive"
"""The API version whose shapes are kept; older ones are made of them (`shapes`)."""
EVENTS_LAST = 30 * DAY
"""Seconds for which Stripe lists an event."""
_NUMBERS = count(1)


def new_id(prefix: str) -> str:
    """An id as Stripe's look; unlike any other of this process, whichever double made it."""
    return f"{prefix}_1Dbl{next(_NUMBERS):012d}"


class Dunning:
    """What happens when a renewal is not paid: tries again after so many days each, and what then becomes of it."""

    def __init__(self, days: tuple[int, ...] = (3, 5, 7), ends: str = "cancel") -> None:
        self.days, self.ends = days, ends


class Book:
    """One account. `declines`: the decline code of a payment method's charges, for those that fail."""

    def __init__(
        self,
        id: str,
        time: Time,
        *,
        name: str = "Double Ltd",
        country: str = "US",
        currency: str = "usd",
        livemode: bool = False,
        api_version: str = CURRENT,
    ) -> None:
        self.id, self.time, self.name, self.country, self.currency = id, time, name, country, currency
        self.livemode, self.api_version = livemode, api_version
        self.opened = time.now()
        self.declines: dict[str, str] = {}
        self.dunning = Dunning()
        self.pays_out = True
        """Whether what is available goes to the bank each day by itself."""
        self.pay_out: Callable[[Book], None] = lambda book: None
        """Sends what is available to the bank."""
        self.bank_refuses: str | None = None
        """The failure code of payouts, such as `account_closed`; None when they arrive."""
        self.fee = (290, 30)
        """Stripe's part of a charge: hundredths of a percent, and minor units."""
        self.secrets: dict[str, list[tuple[str, int | None]]] = {}
        """The signing secrets of webhook endpoints, each with when it stops to sign."""
        self.pending: dict[str, list[Body]] = {}
        """The invoice lines that wait for the next invoice of a subscription."""
        self.ready: list[Body] = []
        """The balance transactions that are available and in no payout."""
        self.next_payout = 0
        self.resuming: dict[str, str] = {}
        """The invoice that a paused subscription goes on with once it is paid."""
        self.turns: list[Callable[[Book, Body], None]] = []
        """What else happens to a subscription as its period ends."""
        self.warned: set[tuple[str, int]] = set()
        """The trial ends that were or will be told of beforehand."""
        self.request: tuple[str | None, str | None] = (None, None)
        """The id and idempotency key of the request that is being done."""
        self.on_event: Callable[[Book, Body], None] = lambda book, event: None
        self.is_quiet = False
        """Whether nothing is told of what happens."""
        self._rows = {
            "product": Rows(),
            "price": Rows("product"),
            "customer": Rows("email"),
            "payment_method": Rows("customer"),
            "coupon": Rows(),
            "promotion_code": Rows("code"),
            "discount": Rows(),
            "subscription": Rows("customer"),
            "subscription_schedule": Rows("customer"),
            "invoice": Rows("customer", "subscription"),
            "invoiceitem": Rows("customer", "invoice"),
            "invoice_payment": Rows("invoice", "payment_intent"),
            "payment_intent": Rows("customer"),
            "charge": Rows("customer", "payment_intent"),
            "refund": Rows("charge", "payment_intent"),
            "dispute": Rows("charge", "payment_intent"),
            "payout": Rows(),
            "balance_transaction": Rows("source", "payout"),
            "event": Rows(),
            "webhook_endpoint": Rows(),
        }

    def now(self) -> int:
        return self.time.now()

    def rows(self, kind: str) -> Rows:
        """All of a kind, by the name of Stripe's `object`."""
        return self._rows[kind]

    def find(self, kind: str, id: Any, param: str = "id") -> Body:
        """The object that a path names, to be changed; a Refusal (404) when there is none."""
        body = self._rows[kind].get(str(id))
        if body is None:
            raise missing(kind.replace("_", " "), str(id), param)
        return body

    def named(self, kind: str, id: Any, param: str) -> Body:
        """The object that a parameter names; a Refusal (400) when there is none."""
        body = self._rows[kind].get(str(id))
        if body is None:
            raise missing(kind.replace("_", " "), str(id), param, 400)
        return body

    def add(self, kind: str, prefix: str, *, id: str | None = None, created: int | None = None, **values: Any) -> Body:
        """A new object of a kind with what all have: id, object, created, livemode."""
        made = self.now() if created is None else created
        head = {"id": id or new_id(prefix), "object": kind, "created": made, "livemode": self.livemode}
        return self._rows[kind].add(head | values)

    # -- events

    @property
    def earliest_event(self) -> int:
        """The second before which events are gone."""
        return self.now() - EVENTS_LAST

    def tell(
        self, type: str, body: Body, previous: Body | None = None, *, livemode: bool | None = None, account: str = ""
    ) -> Body | None:
        """Keep an event with a snapshot of the object, and hand it to the webhooks. None when quiet."""
        if self.is_quiet:
            return None
        id, request = self.request
        data: dict[str, Any] = {"object": body}
        if previous is not None:
            data["previous_attributes"] = previous
        event: Body = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": self.api_version,
            "created": self.now(),
            "data": data,
            "livemode": self.livemode if livemode is None else livemode,
            "pending_webhooks": 0,
            "request": {"id": id, "idempotency_key": request},
            "type": type,
        }
        if account:
            event["account"] = account
        written = orjson.dumps(event)
        self._rows["event"].add_recipe(event["id"], event["created"], partial(orjson.loads, written))
        self.on_event(self, orjson.loads(written))
        return event

    @contextmanager
    def changing(self, type: str, body: Body, **changes: Any) -> Iterator[Body]:
        """Change an object and tell of it, with what it was before; nothing is told when nothing changed."""
        before = orjson.dumps(body)
        body |= changes
        yield body
        previous = difference(orjson.loads(before), body)
        if previous:
            self.tell(type, body, previous)

    def change(self, type: str, body: Body, **changes: Any) -> Body:
        """`changing` in one call."""
        with self.changing(type, body, **changes):
            pass
        return body


def difference(before: Body, after: Body) -> Body:
    """What was different before: only the changed keys of nested objects, and lists whole. {} when nothing was."""
    found: Body = {}
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict) and key != "items":
            found[key] = difference(old, new)
        else:
            found[key] = old
    return found
