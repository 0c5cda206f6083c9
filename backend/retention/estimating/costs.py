"""What saving costs. All of it is already missing from what customers paid, so it is shown and not taken off again."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Costs:
    """Of the treated, in the same days as what they paid."""

    discount: float
    """Given."""
    pause: float
    """Not billed because it was paused."""
    cannibalised: float
    """Of `discount`: what went to people who would have stayed."""


def costs(discount: float, pause: float, stay_holdout: float | None, stay_treated: float | None) -> Costs:
    """The stay rates are shares of each group that still pays; without them nothing is known of who would have stayed.

    Of those who stay when offered something, stay_holdout / stay_treated would have stayed without (nobody leaves
    because of an offer).
    """
    kept = min(stay_holdout / stay_treated, 1.0) if stay_holdout and stay_treated else 0.0
    return Costs(discount, pause, discount * kept)
