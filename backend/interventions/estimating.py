"""By how much customers who got something changed more than customers alike who did not. Pure: no database, no clock."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, fsum, sqrt

from backend.retention.estimating.chance import normal_quantile, t_quantile

LEVEL = 0.95
FEWEST = 2
"""Of each in a stratum; a stratum with fewer tells nothing of how much customers differ among themselves."""
SHIFT = 0.5
"""In standard deviations: the difference that has to be seen before one speaks of enough data."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """Customers who were alike when it began: the change of each, of those who got something and of those who did not."""

    helped: Sequence[float]
    alike: Sequence[float]


@dataclass(frozen=True, slots=True)
class Difference:
    """In the unit of the changes; between `low` and `high` the truth lies with 95 %, looked at once."""

    helped: int
    alike: int
    value: float
    low: float
    high: float


def needed() -> int:
    """Customers of each that show a shift of half a standard deviation with 80 % power, two-sided at 5 %:
    2 ((z.975 + z.8) / shift)^2 (two means of equal groups)."""
    z = normal_quantile((1 + LEVEL) / 2) + normal_quantile(0.8)
    return ceil(2 * (z / SHIFT) ** 2)


def usable(strata: Iterable[Stratum]) -> list[Stratum]:
    """Those with enough of each to be compared."""
    return [one for one in strata if min(len(one.helped), len(one.alike)) >= FEWEST]


def difference(strata: Iterable[Stratum]) -> Difference | None:
    """The difference of mean changes in each stratum, weighted by its helped; None when nothing can be compared.

    The interval is Welch's, over strata: its degrees of freedom are Satterthwaite's for the weighted sum
    (F. E. Satterthwaite, Biometrics Bulletin 2, 1946).
    """
    kept = usable(strata)
    if not kept:
        return None
    helped = sum(len(one.helped) for one in kept)
    value, parts = 0.0, []
    for one in kept:
        weight = len(one.helped) / helped
        value += weight * (_mean(one.helped) - _mean(one.alike))
        parts += [(weight**2 * _variance(group) / len(group), len(group) - 1) for group in (one.helped, one.alike)]
    variance = fsum(part for part, _ in parts)
    slack = fsum(part**2 / freedom for part, freedom in parts)
    error = sqrt(variance) * t_quantile((1 + LEVEL) / 2, variance**2 / slack) if slack else 0.0
    return Difference(helped, sum(len(one.alike) for one in kept), value, value - error, value + error)


def _mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values)


def _variance(values: Sequence[float]) -> float:
    mean = _mean(values)
    return fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
