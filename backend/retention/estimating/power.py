"""How many customers it takes before a number means something."""

from math import ceil

from backend.retention.estimating.chance import normal_quantile

BASE_STAY = 0.15
EXPECTED_LIFT = 0.10
ALPHA = 0.05
POWER = 0.80


def needed(share: float, lift: float = EXPECTED_LIFT, base: float = BASE_STAY) -> int:
    """Customers of both groups that show a lift from `base` to `base + lift` with 80 % power, two-sided at 5 %.

    z^2 (p1 (1 - p1) / (1 - h) + p0 (1 - p0) / h) / lift^2, with the share h in the holdout. ValueError when nobody or
    everybody is in it, or when there is no lift to find.
    """
    if not 0 < share < 1 or not lift or not 0 <= base <= 1 or not 0 <= base + lift <= 1:
        raise ValueError("Give a share between 0 and 1, and two different rates between 0 and 1.")
    z = normal_quantile(1 - ALPHA / 2) + normal_quantile(POWER)
    treated = base + lift
    spread = treated * (1 - treated) / (1 - share) + base * (1 - base) / share
    return ceil(z**2 * spread / lift**2)


def is_enough(have: int, share: float) -> bool:
    return have >= needed(share)


def in_words(have: int, share: float) -> str:
    """Such as “not enough data (have 41, need 684)”, or “enough data (684 of 684)”."""
    need = needed(share)
    return f"enough data ({have} of {need})" if have >= need else f"not enough data (have {have}, need {need})"
