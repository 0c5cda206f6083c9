"""Customers who are alike: by reason, by what interval they pay, and by how long they have been here.

A segment is written `reason/interval/tenure`; what holds more customers leaves off parts from the right, down to the
reason. Nothing holds all reasons: what helps one says little about another.
"""

from collections.abc import Mapping

_SEPARATOR = "/"
_BANDS = ((3, "new"), (12, "settled"))
_LONGEST = "long"
_WORDS = {"new": "here for less than 3 months", "settled": "here for 3 to 12 months", "long": "here for a year or more"}
_INTERVALS = {"day": "daily", "week": "weekly", "month": "monthly", "year": "yearly"}


def tenure_band(months: float) -> str:
    """new (below 3 months), settled (below 12) or long."""
    return next((band for below, band in _BANDS if months < below), _LONGEST)


def segment_of(reason: str, interval: str, months: float) -> str:
    """The narrowest segment of a customer who pays each `interval` and has done so for so many months."""
    return _SEPARATOR.join((reason, interval, tenure_band(months)))


def levels_of(segment: str) -> list[str]:
    """The segment and all that hold it, narrowest first, the reason last."""
    parts = segment.split(_SEPARATOR)
    return [_SEPARATOR.join(parts[:many]) for many in range(len(parts), 0, -1)]


def in_words(segment: str, reasons: Mapping[str, str] | None = None) -> str:
    """Such as “too expensive, monthly plan, here for 3 to 12 months”; `reasons` are the texts of the flow's reasons."""
    reason, *rest = segment.split(_SEPARATOR)
    told = [(reasons or {}).get(reason, reason.replace("_", " "))]
    if rest:
        told.append(f"{_INTERVALS.get(rest[0], rest[0])} plan")
    told += [_WORDS.get(band, band) for band in rest[1:]]
    return ", ".join(told)
