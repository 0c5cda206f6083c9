"""How long saved customers go on paying, and what they are worth by that: from themselves alone, no further than seen."""

from collections.abc import Sequence
from dataclasses import dataclass

CAP_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Life:
    """A saved customer: full months paid after the save, and whether they have left since (else they still pay)."""

    months: int
    has_left: bool


@dataclass(frozen=True, slots=True)
class Worth:
    """What a saved customer is expected to pay in `months` months, and the share who still pay after each of them."""

    value: float
    months: int
    """12, or as far as anybody was seen."""
    curve: tuple[float, ...]
    saved: int


def curve(lives: Sequence[Life], cap: int = CAP_MONTHS) -> tuple[float, ...]:
    """The share who paid the 1st, 2nd, ... month (E. L. Kaplan and P. Meier, 1958), as long as somebody could be seen.

    Somebody who left after m months did not pay month m + 1; who still pays is only known up to their month m.
    """
    found: list[float] = []
    share = 1.0
    for month in range(1, cap + 1):
        seen = sum(life.months >= month or (life.has_left and life.months == month - 1) for life in lives)
        if not seen:
            break
        left = sum(life.has_left and life.months == month - 1 for life in lives)
        share *= 1 - left / seen
        found.append(share)
    return tuple(found)


def worth(lives: Sequence[Life], paid_a_month: float, cap: int = CAP_MONTHS) -> Worth | None:
    """Expected months paid, times what a paid month brought on average (net); None when nobody was saved."""
    if not lives:
        return None
    shares = curve(lives, cap)
    return Worth(sum(shares) * paid_a_month, len(shares), shares, len(lives))
