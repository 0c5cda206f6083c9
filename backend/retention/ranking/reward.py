"""What an offer is worth: the share of 90 days' list price that the customer paid, net of all that was given back.

Before 90 days have passed an estimate by a fixed table stands in for it. A reward becomes a yes or no by chance, once for
each run and with the same draw for estimate and outcome, so that a better estimate changes few answers and counts stay
unbiased: P(yes) is the reward.
"""

from bisect import bisect_right

from backend.retention.ranking.policy import draw_of

MATURE_DAYS = 90
PROXY_DAYS = (7, 30)

_IN_7_DAYS = {"cancelled": 0.02, "kept": 0.55}
"""The share that 90 days bring, by whether the subscription was still wanted after 7."""
_STEPS = (0.005, 0.25, 0.5, 0.75, 0.95)
_IN_30_DAYS = (0.05, 0.15, 0.30, 0.45, 0.58, 0.72)
"""The share that 90 days bring, by the share that 30 days brought: below each of the steps, and from the last on."""


def reward_of(net_paid: int, list_price: int) -> float:
    """The share of the list price that was paid, between 0 and 1; 0 when there was no price to pay."""
    return min(max(net_paid / list_price, 0.0), 1.0) if list_price > 0 else 0.0


def estimate_at_7_days(is_cancelled: bool) -> float:
    return _IN_7_DAYS["cancelled" if is_cancelled else "kept"]


def estimate_at_30_days(share_paid: float, is_cancelled: bool) -> float:
    """`share_paid` of the list price of the first 30 days; what is cancelled brings no more than a third of that."""
    return share_paid / 3 if is_cancelled else _IN_30_DAYS[bisect_right(_STEPS, share_paid)]


def is_win(reward: float, run_id: str) -> bool:
    """The reward rounded by chance."""
    return draw_of(run_id, "reward") < reward
