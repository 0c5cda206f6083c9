"""How many customers stay in the holdout: a share h of it costs h of the lift, so it shrinks once there is an answer."""

SHARES = (0.20, 0.10, 0.05)
UNTIL = (700, 1_400)
"""Customers with a mature outcome after which the next share holds; the first one also when the interval excludes 0."""


def share_after(mature: int, excludes_zero: bool, before: float = SHARES[0]) -> float:
    """The share from now on: 20 % until the interval excludes 0 or 700 are mature, 10 % until 1,400 are, then 5 %.

    It never grows again: `before` is the share so far.
    """
    step = sum(mature >= until for until in UNTIL)
    if excludes_zero:
        step = max(step, 1)
    return min(before, SHARES[step])
