"""What a customer did, by days and months, and when last what: a past of any length in a few hundred bytes.

Adding a signal costs the same whatever lies behind it, and signals may come in any order: counts are sums, instants are
the latest. Days are those of UTC. What is older than what is kept changes nothing, whenever it comes.
"""

from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import bindparam, select, update

from backend.core.rows import from_micros, table_of, to_micros
from backend.rules.shipped.ordering import screen_name
from backend.signals.models import Context, Signal
from backend.work import Work

DAY = 86_400_000_000
"""Microseconds."""
DAYS = 28
MONTHS = 13
LOGIN, BILLING, NEGATIVE, FAILED = "login", "billing", "negative", "failed"
CANCELLED = "cancelled"
"""When somebody without a subscription at Stripe left, as their own system tells it."""
SIGNIFICANT = (LOGIN, BILLING, NEGATIVE, FAILED)
"""What changes a risk at once, in the order of a month's counts, which has the uses before them."""
_KINDS = {
    "login": LOGIN,
    "logged_in": LOGIN,
    "billing_page_view": BILLING,
    "billing_page_viewed": BILLING,
    "payment_failed": FAILED,
    "payment_failure": FAILED,
    "charge_failed": FAILED,
    "invoice_payment_failed": FAILED,
    "support_negative": NEGATIVE,
    "subscription_cancelled": CANCELLED,
}
_UNUSED = frozenset({"inactivity", "session_end", "subscription_cancelled"})
"""Signals that are no use of the product, beside failed payments and talks with support."""
_SUPPORT = "support_"
_BILLING_SCREENS = frozenset({"billing", "billing_page"})
_WORST_RATING = 2
"""Of five: up to this a contact with support was a bad one."""

_screen = lru_cache(maxsize=4096)(screen_name)


@lru_cache(maxsize=4096)
def month_of(day: int) -> int:
    """The number of the UTC month that a day (since 1970) is in: twelve times the year, plus the month from 0."""
    moment = from_micros(day * DAY)
    return moment.year * 12 + moment.month - 1


def kind_of(type: str, screen: str | None, properties: Any) -> str | None:
    """The significant kind of a signal, if it is of one. `properties` as JSON text, or read."""
    kind = _KINDS.get(type)
    if kind is None and properties is not None and type.startswith(_SUPPORT):
        given = orjson.loads(properties) if isinstance(properties, str) else properties
        rating = given.get("rating")
        is_bad = isinstance(rating, int | float) and 0 < rating <= _WORST_RATING
        return NEGATIVE if is_bad or str(given.get("sentiment", "")).lower() == NEGATIVE else None
    if kind is None and screen is not None and _screen(screen) in _BILLING_SCREENS:
        return BILLING
    return kind


class Activity:
    """The past of one customer. `days` are uses, the latest first; `months` counts of uses and of each SIGNIFICANT."""

    __slots__ = ("day", "days", "last", "month", "months")

    def __init__(self, kept: dict[str, Any] | None = None) -> None:
        kept = kept or {}
        self.last: dict[str, int] = kept.get("last", {})
        """By kind, in microseconds."""
        self.day: int = kept.get("day", 0)
        self.days: list[int] = kept.get("days", [])
        self.month: int = kept.get("month", 0)
        self.months: list[list[int]] = kept.get("months", [])

    def take(self, type: str, screen: str | None, properties: Any, at: int) -> bool:
        """Add one signal. Whether it is a significant one."""
        kind, day = kind_of(type, screen, properties), at // DAY
        month = month_of(day)
        if month > self.month:
            self.months = [[0] * 5 for _ in range(min(month - self.month, MONTHS))] + self.months
            del self.months[MONTHS:]
            self.month = month
        ago = self.month - month
        counts = None
        if ago < MONTHS:
            while len(self.months) <= ago:
                self.months.append([0] * 5)
            counts = self.months[ago]
        if kind != FAILED and kind != NEGATIVE and type not in _UNUSED and not type.startswith(_SUPPORT):
            if day > self.day:
                self.days = [0] * min(day - self.day, DAYS) + self.days
                del self.days[DAYS:]
                self.day = day
            since = self.day - day
            if since < DAYS:
                if since >= len(self.days):
                    self.days += [0] * (since + 1 - len(self.days))
                self.days[since] += 1
            if counts is not None:
                counts[0] += 1
        if kind is None:
            return False
        if at > self.last.get(kind, -1):
            self.last[kind] = at
        if counts is not None and kind != CANCELLED:
            counts[1 + SIGNIFICANT.index(kind)] += 1
        return True

    def uses(self, today: int, first: int, count: int) -> int:
        """Uses on `count` days, of which the latest is `first` days before `today`."""
        start = self.day - today + first
        return sum(self.days[max(start, 0) : max(start + count, 0)])

    def in_month(self, month: int) -> list[int]:
        """The counts of a month: uses, logins, views of the billing page, bad contacts, failed payments."""
        ago = self.month - month
        return self.months[ago] if 0 <= ago < len(self.months) else [0] * 5

    def kept(self) -> str:
        """As it is stored: JSON, the same for the same past in whatever order it came."""
        while self.days and not self.days[-1]:
            self.days.pop()
        while self.months and not any(self.months[-1]):
            self.months.pop()
        kept = {"last": self.last, "day": self.day, "days": self.days, "month": self.month, "months": self.months}
        return orjson.dumps(kept).decode()


Noticer = Callable[[Work, dict[str, Activity]], None]
NOTICERS: list[Noticer] = []


def also_notices(noticer: Noticer) -> Noticer:
    """Run `noticer` in the transaction that stores significant signals, with the customers' activity after them."""
    NOTICERS.append(noticer)
    return noticer


_SIGNALS = table_of(Signal).c
_ALL_OF = select(_SIGNALS.type, _SIGNALS.screen, _SIGNALS.properties, _SIGNALS.occurred_at).where(
    _SIGNALS.business_id == bindparam("business"), _SIGNALS.customer_id == bindparam("customer")
)
_AT_ONCE = 1_000


def counted(work: Work, customer_id: str) -> Activity:
    """A customer's activity, counted from all signals that are stored: in no more memory than a thousand of them."""
    found = Activity()
    given = {"business": work.business_id, "customer": customer_id}
    rows = work.session.connection().execution_options(yield_per=_AT_ONCE).execute(_ALL_OF, given)
    for type, screen, properties, at in rows:
        found.take(type, screen, properties, to_micros(at))
    return found


def recount(work: Work, customer_ids: Collection[str]) -> None:
    """Count the activity of held customers anew from their signals, and keep it."""
    contexts = table_of(Context)
    for customer_id in customer_ids:
        mine = (contexts.c.business_id == work.business_id) & (contexts.c.customer_id == customer_id)
        kept = orjson.loads(counted(work, customer_id).kept())
        work.session.connection().execute(update(contexts).where(mine).values(activity=kept))
