"""An interval that stays valid however often it is looked at: operators peek, and act when they like what they see."""

from math import log, sqrt

from backend.retention.estimating.lift import LEVEL, Interval, Lift

TIGHTEST_AT = 700
"""Assigned customers: when the first decision about the holdout is due."""
FEWEST_PAYERS = 20
"""In each group; the theorem is about large numbers, and before that nothing is claimed."""


def always_valid(estimate: Lift) -> Interval | None:
    """The 95 % confidence sequence of `per_customer` at this point; None while too few have paid.

    The asymptotic confidence sequence of I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy and A. Ramdas, "Time-uniform
    central limit theory and asymptotic confidence sequences", Annals of Statistics 52 (2024), theorem 2.2, for the
    difference of means as their average treatment effect in a randomised experiment: with n customers and standard
    error s, +- s sqrt(2 (n r^2 + 1) / (n r^2) log(sqrt(n r^2 + 1) / alpha)). All looks together miss the truth in at
    most 5 % of the histories, at some 1.4 times the width of an interval for one look.
    """
    if estimate.payers < FEWEST_PAYERS:
        return None
    alpha = 1 - LEVEL
    spread = (-2 * log(alpha) + log(-2 * log(alpha)) + 1) / TIGHTEST_AT
    grown = (estimate.treated + estimate.holdout) * spread
    half = estimate.error * sqrt(2 * (grown + 1) / grown * log(sqrt(grown + 1) / alpha))
    return Interval(estimate.per_customer - half, estimate.per_customer + half)
