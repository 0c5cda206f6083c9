"""Which days the numbers are of: some up to today, or from a day to a day."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

MOST = 800
_SPAN = re.compile(r"(\d{4}-\d\d-\d\d)(?:\s*(?:\.\.|to|,|\s)\s*(\d{4}-\d\d-\d\d))?")


class NoDays(ValueError):
    """What was typed means no days; the message says why."""


@dataclass(frozen=True, slots=True)
class Days:
    """From `first` to `last`, both included."""

    first: date
    last: date

    @property
    def count(self) -> int:
        return (self.last - self.first).days + 1

    def moved(self, by: int) -> "Days":
        """As many days, that many times their number later."""
        off = timedelta(days=self.count * by)
        return Days(self.first + off, self.last + off)

    def __str__(self) -> str:
        first, last = self.first, self.last
        if first == last:
            return f"{last.day} {last:%b %Y}"
        year = "" if first.year == last.year else f" {first.year}"
        return f"{first.day} {first:%b}{year} – {last.day} {last:%b %Y} · {self.count} days"


def parse(text: str, today: date) -> Days:
    """`30`, `30d`, `2026-03-01..2026-03-31` or one day. NoDays when it is none of those."""
    word = text.strip().casefold()
    if word.removesuffix("d").strip().isdecimal():
        count = int(word.removesuffix("d"))
        if not 1 <= count <= MOST:
            raise NoDays(f"From 1 to {MOST} days can be looked at; not {count}.")
        return Days(today - timedelta(days=count - 1), today)
    match = _SPAN.fullmatch(word)
    try:
        days = Days(date.fromisoformat(match[1]), date.fromisoformat(match[2] or match[1])) if match else None
    except ValueError:
        days = None
    if days is None:
        raise NoDays(f"{text!r} means no days; write 30, or 2026-03-01..2026-03-31.")
    if days.first > days.last or days.count > MOST:
        raise NoDays(f"{text!r} is no span of 1 to {MOST} days.")
    return days
