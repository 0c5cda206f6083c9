"""What a subscription brings in a month: minor units, net of discounts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

EARNING = ("active", "past_due")
"""The statuses in which money is due. One in trial, paused, unpaid, incomplete or ended brings nothing (Stripe's own
definition of monthly recurring revenue, but for `unpaid`, of which nobody expects anything any more)."""
_DAYS = Decimal(365)
_MONTHS_OF = {
    "day": Decimal(12) / _DAYS,
    "week": Decimal(12) * 7 / _DAYS,
    "month": Decimal(1),
    "year": Decimal(12),
}
"""How many months an interval has; a year of 365 days has twelve."""


@dataclass(frozen=True)
class Reduction:
    """A discount as money: a part of what is billed (`percent`), or so many minor units of each bill (`amount`).

    One that holds `once` lowers a single bill, and so nothing of what comes month by month.
    """

    percent: Decimal | None
    amount: int | None
    ends_at: datetime | None
    is_once: bool = False


def monthly(amount: int | Decimal, interval: str, count: int) -> Decimal:
    """What `amount` for every `count` intervals is for one month: a twelfth of a yearly one."""
    return Decimal(amount) / (_MONTHS_OF[interval] * max(count, 1))


def whole(value: Decimal) -> int:
    """Minor units, half away from zero."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def net_monthly(amount: int, interval: str, count: int, reductions: Iterable[Reduction], now: datetime) -> int:
    """What is billed in a month after the discounts that hold at `now`, one after the other; never below nothing."""
    left = Decimal(amount)
    for reduction in reductions:
        if reduction.is_once or (reduction.ends_at is not None and reduction.ends_at <= now):
            continue
        if reduction.percent is not None:
            left -= left * reduction.percent / 100
        left -= reduction.amount or 0
    return whole(monthly(max(left, Decimal(0)), interval, count))
