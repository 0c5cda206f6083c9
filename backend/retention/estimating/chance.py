"""Quantiles of the normal and the t distribution, to four digits and without a library."""

from math import sqrt
from statistics import NormalDist

_NORMAL = NormalDist()


def normal_quantile(share: float) -> float:
    return _NORMAL.inv_cdf(share)


def t_quantile(share: float, freedom: float) -> float:
    """By the expansion of Cornish and Fisher (Abramowitz and Stegun 26.7.5), for 3 degrees of freedom and more."""
    z, v = normal_quantile(share), max(freedom, 3.0)
    return (
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
    )


def spread_tail(tail: float, observations: int) -> float:
    """The normal tail beyond the t quantile of `tail`, as widely as so few observations spread it."""
    freedom = max(observations - 1, 3)
    return _NORMAL.cdf(sqrt((freedom + 1) / freedom) * t_quantile(tail, freedom))
