"""When billing periods begin and end, and the part of an amount that the rest of one is worth."""

from calendar import monthrange
from datetime import UTC, datetime

from backend.demo.outside.stripe.time import DAY


def shifted(start: int, interval: str, times: int) -> int:
    """`start` (Unix seconds) and so many days, weeks, months or years; a day that a month lacks is its last."""
    if interval in ("day", "week"):
        return start + times * DAY * (7 if interval == "week" else 1)
    at = datetime.fromtimestamp(start, UTC)
    month = at.year * 12 + at.month - 1 + times * (12 if interval == "year" else 1)
    year, month = divmod(month, 12)
    day = min(at.day, monthrange(year, month + 1)[1])
    return int(at.replace(year=year, month=month + 1, day=day).timestamp())


def period_at(anchor: int, interval: str, every: int, at: int) -> tuple[int, int]:
    """The period around `at` of a cycle that has a border at `anchor`: its first second, and the next one's."""
    lengths = {"day": DAY, "week": 7 * DAY, "month": 31 * DAY, "year": 366 * DAY}
    number = (at - anchor) // (lengths[interval] * every)
    while shifted(anchor, interval, every * (number + 1)) <= at:
        number += 1
    while shifted(anchor, interval, every * number) > at:
        number -= 1
    return shifted(anchor, interval, every * number), shifted(anchor, interval, every * (number + 1))


def prorated(amount: int, start: int, end: int, at: int) -> int:
    """What the rest of a period is worth, to the second, half a minor unit rounded up (away from zero)."""
    if end <= start:
        return 0
    left = max(0, min(end - at, end - start))
    whole, span = abs(amount) * left * 2 + (end - start), (end - start) * 2
    return (whole // span) * (1 if amount >= 0 else -1)
