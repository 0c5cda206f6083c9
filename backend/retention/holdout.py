"""The group that is offered nothing: by it we know what offers are worth.

Pure. Drawn by a hash of business, customer and salt before anything is offered, so that it is the same draw whenever
and wherever it is made, and nobody can choose it.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

HOLDOUT, TREATED = "HOLDOUT", "TREATED"
_STEPS = 2**64


def draw(business_id: str, customer_id: str, salt: str) -> float:
    """A number from 0 to below 1, even over customers, the same for the same three."""
    digest = sha256("\0".join((business_id, customer_id, salt)).encode()).digest()
    return int.from_bytes(digest[:8]) / _STEPS


def share_at(schedule: Sequence[dict[str, Any]], runs: int) -> float:
    """The share of customers without offers after so many runs; `schedule` is the setting `holdout`."""
    return float(next(one["share"] for one in reversed(schedule) if one["fromRuns"] <= runs))


def group_of(business_id: str, customer_id: str, salt: str, share: float) -> str:
    """HOLDOUT for `share` of the customers. Who is in it by a small share is in it by a larger one too."""
    return HOLDOUT if draw(business_id, customer_id, salt) < share else TREATED
