"""What was known of a customer at an instant, and what came of it: rows of a discrete-time hazard, a month each.

At the begin of a month everything is looked at as it was then; the label is whether the customer decided to leave within
that month. Left out because they tell of the answer: who had asked to cancel before, discounts (a save may have given
them), anything later, and for leaving by choice all that dunning knows. A month whose end is not reached is censored.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from backend.core.rows import to_micros
from backend.risk.learning.feature import Feature
from backend.signals.activity import DAY, FAILED, LOGIN, NEGATIVE, SIGNIFICANT, Activity, month_of

Target = Literal["voluntary", "involuntary"]
TARGETS: tuple[Target, Target] = ("voluntary", "involuntary")
MONTHS_BACK = 10
"""Of the months that are counted, as many as have three before them to look back on."""
_LONGEST_LOOK = 12

_COMMON = (
    Feature("uses", "uses in 30 days", sign=-1),
    Feature("use_change", "change of use", sign=-1, unit="%"),
    Feature("logins", "logins in 30 days", sign=-1),
    Feature("months_since_login", "months since login", sign=1),
    Feature("billing_views", "views of the billing page in 30 days", sign=1),
    Feature("bad_contacts", "bad contacts with support in 90 days", sign=1),
    Feature("tenure", "tenure", unit="days"),
    Feature("tier", "tier", is_choice=True),
    Feature("interval", "billed every", is_choice=True),
    Feature("price", "price a month"),
    Feature("renewal", "time to renewal", unit="days"),
)
_OF_PAYMENTS = (
    Feature("failed_payments", "failed payments in 90 days", sign=1),
    Feature("unpaid", "unpaid invoices", sign=1),
    Feature("paid_late", "invoices paid late", sign=1, unit="days"),
)
FEATURES: dict[Target, tuple[Feature, ...]] = {"voluntary": _COMMON, "involuntary": _COMMON + _OF_PAYMENTS}
_INTERVALS = {"day": 1, "week": 7, "month": 30, "year": 365}


@dataclass(slots=True)
class Paid:
    """A subscription. Instants are microseconds. `left_at`: when it was decided that it ends."""

    started_at: int
    left_at: int | None = None
    is_involuntary: bool = False
    interval: str = ""
    interval_days: int = 30
    price: float | None = None
    """A month, in major units."""


@dataclass(slots=True)
class Bill:
    """An invoice. `paid_at` is None as long as it is open."""

    created_at: int
    due_at: int | None
    paid_at: int | None


@dataclass(slots=True)
class Life:
    """All that is read of one customer."""

    customer_id: str
    external_id: str
    tier: str
    past_order_count: int
    activity: Activity
    paid: list[Paid] = field(default_factory=list)
    bills: list[Bill] = field(default_factory=list)

    def subscription_at(self, at: int) -> Paid | None:
        """The subscription that the customer had at `at`, and had not decided to leave; the oldest of several."""
        return next((one for one in self.paid if one.started_at <= at and (one.left_at is None or one.left_at > at)), None)  # fmt: skip

    def departure(self, begin: int, end: int) -> Target | None:
        """How the customer left in (begin, end]: without any subscription that goes on."""
        left = [one for one in self.paid if one.left_at is not None and begin < one.left_at <= end]
        if not left or self.subscription_at(end) is not None:
            return None
        last = max(left, key=lambda one: one.left_at or 0)
        return "involuntary" if last.is_involuntary else "voluntary"


def known_at(life: Life, at: int) -> dict[str, Any] | None:
    """The features of a customer at `at`; None when there is nothing to leave. Values that are not known are left out."""
    subscription = life.subscription_at(at)
    if subscription is None:
        return None
    lately, before = _counts(life.activity, at, 0), _counts(life.activity, at, 1)
    earlier = _counts(life.activity, at, 2)
    third = {name: 1 + SIGNIFICANT.index(name) for name in SIGNIFICANT}
    tenure = (at - subscription.started_at) // DAY
    found: dict[str, Any] = {
        "uses": lately[0],
        "logins": lately[third[LOGIN]],
        "billing_views": lately[third["billing"]],
        "bad_contacts": sum(counts[third[NEGATIVE]] for counts in (lately, before, earlier)),
        "failed_payments": sum(counts[third[FAILED]] for counts in (lately, before, earlier)),
        "tenure": tenure,
        "tier": life.tier,
        "interval": subscription.interval,
    }
    if subscription.interval:
        found["renewal"] = subscription.interval_days - tenure % subscription.interval_days
    if before[0] > 0:
        found["use_change"] = max(min((lately[0] / before[0] - 1) * 100, 300.0), -100.0)
    if (since := _months_since_login(life.activity, at)) is not None:
        found["months_since_login"] = since
    if subscription.price is not None:
        found["price"] = subscription.price
    seen = [bill for bill in life.bills if bill.created_at <= at]
    if seen:
        found["unpaid"] = sum(bill.paid_at is None or bill.paid_at > at for bill in seen)
        late = [max(bill.paid_at - (bill.due_at or bill.created_at), 0) / DAY for bill in seen if bill.paid_at is not None and bill.paid_at <= at]  # fmt: skip
        if late:
            found["paid_late"] = sum(late[-6:]) / len(late[-6:])
    return found


def months_of(life: Life, now: int) -> Iterator[tuple[int, dict[str, Any], Target | None]]:
    """(month, what was known at its begin, how the customer left within it, if so) of each month that is over."""
    this = month_of(now // DAY)
    for month in range(this - MONTHS_BACK, this):
        begin, end = begin_of(month), begin_of(month + 1)
        known = known_at(life, begin)
        if known is not None:
            yield month, known, life.departure(begin, end)


def begin_of(month: int) -> int:
    """The first instant of a month (as `activity.month_of` numbers them)."""
    return to_micros(datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC))


def days_of(interval: str, count: int) -> int:
    """The length of a billing interval in days, as far as it matters."""
    return max(_INTERVALS.get(interval, 30) * count, 1)


def _counts(activity: Activity, at: int, back: int) -> list[float]:
    """The counts of the 30 days that end `back` times 30 days before `at`, from whole months: the part of one that lies
    in such days counts in proportion. At the begin of a month that is just the month before."""
    month = month_of(at // DAY)
    begin, end = begin_of(month), begin_of(month + 1)
    share = (at - begin) / (end - begin)
    older = activity.in_month(month - back - 1)
    newer = activity.in_month(month - back) if share else [0] * 5
    if back == 0:
        return [new + (1 - share) * old for new, old in zip(newer, older, strict=True)]
    return [share * new + (1 - share) * old for new, old in zip(newer, older, strict=True)]


def _months_since_login(activity: Activity, at: int) -> int | None:
    """Whole months of 30 days, nearly, since the latest login before `at`; None when none is known."""
    for back in range(_LONGEST_LOOK):
        if _counts(activity, at, back)[1] > 0:
            return back
    return None
