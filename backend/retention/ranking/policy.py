"""Which of the offers that are open to a customer comes first.

The operator's order stands unless another offer is better with a probability of at least 0.6; in 15 % of the runs the
first place goes by Thompson sampling, so that all offers are tried as often as they may be the best. One offer moves to
the front, the others keep the operator's order. What happens hangs on the run alone: whoever asks again gets the same.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from backend.retention.ranking.arms import AS_SHIPPED, EXPLORING, GATE, Known, Numbers, Statistics
from backend.retention.ranking.beta import chances_against_first, chances_to_be_best

__all__ = ["EXPLORING", "GATE", "Distribution", "Ranked", "Ranking", "distribution", "draw_of", "rank"]


@dataclass(frozen=True, slots=True)
class Ranked:
    """An offer in its place."""

    arm: str
    is_rule: bool
    """The operator would have it first."""
    known: Known | None
    """None when the ranking is switched off: then nothing was looked at."""
    better_than_rule: float | None
    """How likely it is to be better than the operator's first; None for that one itself."""
    propensity: float
    """How likely it was that this offer came first."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """The offers in their order, and how the first one came to be it."""

    offers: tuple[Ranked, ...]
    why: str
    """rules (switched off or nothing to choose between), rule (kept), gate (another one is better) or exploring."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """How likely each arm is to come first, and which one does when nothing is tried out."""

    chances: tuple[float, ...]
    """By Thompson sampling."""
    better: tuple[float, ...]
    """Than the first arm, the operator's; 0.5 for itself."""
    favourite: int
    propensities: tuple[float, ...]


def distribution(beliefs: Sequence[Known], numbers: Numbers = AS_SHIPPED) -> Distribution:
    """Of arms in the operator's order, at least one."""
    believed = tuple(known.belief for known in beliefs)
    chances = chances_to_be_best(believed)
    better = (0.5, *chances_against_first(believed))
    challengers = [place for place, odds in enumerate(better) if odds >= numbers.gate]
    favourite = max(challengers, key=lambda place: beliefs[place].belief.mean, default=0)
    propensities = tuple(
        numbers.explore * chance + (1 - numbers.explore) * (place == favourite) for place, chance in enumerate(chances)
    )
    return Distribution(chances, better, favourite, propensities)


def rank(statistics: Statistics, segment: str, arms: Sequence[str], seed: str, is_learning: bool = True) -> Ranking:
    """Order `arms`, those that the customer may be offered in the operator's order, each once.

    `seed` names the run. Without learning, or with less than two arms, the operator's order is the answer.
    """
    if not is_learning or len(arms) < 2:
        return Ranking(
            tuple(Ranked(arm, not place, None, None, float(not place)) for place, arm in enumerate(arms)), "rules"
        )
    beliefs = [statistics.known(segment, arm, is_rule=not place) for place, arm in enumerate(arms)]
    spread = distribution(beliefs, statistics.numbers)
    first, why = _drawn(spread, draw_of(seed), statistics.numbers.explore)
    offers = [
        Ranked(arm, not place, beliefs[place], spread.better[place] if place else None, spread.propensities[place])
        for place, arm in enumerate(arms)
    ]
    return Ranking((offers[first], *offers[:first], *offers[first + 1 :]), why)


def draw_of(seed: str, about: str = "first") -> float:
    """A number in [0, 1) that hangs on the seed alone, another one for each thing it decides."""
    digest = hashlib.sha256(f"{about}:{seed}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def _drawn(spread: Distribution, draw: float, explore: float) -> tuple[int, str]:
    if draw >= explore:
        return spread.favourite, "gate" if spread.favourite else "rule"
    left = draw / explore
    for place, chance in enumerate(spread.chances):
        if left < chance:
            return place, "exploring"
        left -= chance
    return max(range(len(spread.chances)), key=spread.chances.__getitem__), "exploring"
