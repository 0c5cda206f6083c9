"""What is believed of a share between 0 and 1, as a Beta distribution, and how such beliefs compare.

Chances are sums over a grid of log-odds, fine where any of the beliefs lies: exact to about 0.001, the same each time,
and without drawing. In log-odds the density x^a (1-x)^b is smooth for all a, b > 0.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from math import exp, log, log1p, sqrt
from operator import add, mul, sub

_NODES = 60
_DEVIATIONS = 7.0


@dataclass(frozen=True, slots=True)
class Beta:
    """Beta(wins, losses), both above 0: as if so many, priors included, had paid in full and not at all."""

    wins: float
    losses: float

    @classmethod
    def of(cls, mean: float, strength: float) -> "Beta":
        """As sure as `strength` observations are."""
        return cls(mean * strength, (1 - mean) * strength)

    @property
    def mean(self) -> float:
        return self.wins / (self.wins + self.losses)

    def seen(self, wins: float, losses: float) -> "Beta":
        """What is believed after so much more was seen."""
        return Beta(self.wins + wins, self.losses + losses)

    def interval(self, level: float = 0.9) -> tuple[float, float]:
        """Where it lies with that probability, the same mass left out on both sides."""
        grid = _grid((self,))
        below = _below(_density(self, grid, _logarithms(grid)), grid)
        tail = (1 - level) / 2
        return _quantile(grid, below, tail), _quantile(grid, below, 1 - tail)


@lru_cache(maxsize=4096)
def chances_to_be_best(beliefs: tuple[Beta, ...]) -> tuple[float, ...]:
    """For each of them, how likely it is to be the greatest; they add up to 1. Empty for none.

    These are the probabilities with which Thompson sampling plays them: drawing once from each and taking the greatest
    is the same as drawing one by its chance (W. R. Thompson, 1933).
    """
    if len(beliefs) < 2:
        return (1.0,) * len(beliefs)
    grid, densities, below = _curves(beliefs)
    found = []
    for number, density in enumerate(densities):
        product = density
        for place, column in enumerate(below):
            if place != number:
                product = list(map(mul, product, column))
        found.append(_sum(product, grid))
    whole = sum(found)
    return tuple(one / whole for one in found)


@lru_cache(maxsize=4096)
def chances_against_first(beliefs: tuple[Beta, ...]) -> tuple[float, ...]:
    """For each of them but the first, how likely it is to be greater than the first."""
    grid, densities, below = _curves(beliefs)
    return tuple(min(_sum(list(map(mul, density, below[0])), grid), 1.0) for density in densities[1:])


@lru_cache(maxsize=64)
def _curves(beliefs: tuple[Beta, ...]) -> tuple[list[float], list[list[float]], list[list[float]]]:
    """The grid, and on it each one's density and how much of it lies below."""
    grid = _grid(beliefs)
    logarithms = _logarithms(grid)
    densities = [_density(belief, grid, logarithms) for belief in beliefs]
    return grid, densities, [_below(density, grid) for density in densities]


def _grid(beliefs: Sequence[Beta]) -> list[float]:
    """Log-odds, ascending: for each belief nodes from where almost all of it is above to where almost all is below."""
    nodes: set[float] = set()
    for belief in beliefs:
        mode = log(belief.wins / belief.losses)
        deviation = sqrt(1 / belief.wins + 1 / belief.losses)
        # The tails fall like exp(wins t) to the left and exp(-losses t) to the right.
        left, right = (_DEVIATIONS * (deviation + 1 / tail) for tail in (belief.wins, belief.losses))
        half = _NODES // 2
        nodes.update(mode - left * (step / half) ** 1.5 for step in range(half + 1))
        nodes.update(mode + right * (step / half) ** 1.5 for step in range(1, half + 1))
    return sorted(nodes)


def _logarithms(grid: Sequence[float]) -> list[tuple[float, float]]:
    """Of the share with these log-odds, and of what is left to 1."""
    return [(_log_share(odds), _log_share(-odds)) for odds in grid]


def _log_share(odds: float) -> float:
    return -log1p(exp(-odds)) if odds > 0 else odds - log1p(exp(odds))


def _density(belief: Beta, grid: Sequence[float], logarithms: Sequence[tuple[float, float]]) -> list[float]:
    """Its density at each node, to a factor that makes the whole 1."""
    a, b = belief.wins, belief.losses
    peak = a * _log_share(log(a / b)) + b * _log_share(log(b / a))
    found = [exp(a * share + b * rest - peak) for share, rest in logarithms]
    whole = _sum(found, grid)
    return [one / whole for one in found]


def _sum(values: Sequence[float], grid: Sequence[float]) -> float:
    """By the trapezoid rule."""
    return float(sum(map(mul, _widths(grid), map(add, values, values[1:])))) / 2


def _below(density: Sequence[float], grid: Sequence[float]) -> list[float]:
    """How much of it lies below each node."""
    parts = map(mul, _widths(grid), map(add, density, density[1:]))
    return [part / 2 for part in accumulate(parts, initial=0.0)]


def _widths(grid: Sequence[float]) -> list[float]:
    return list(map(sub, grid[1:], grid))


def _quantile(grid: Sequence[float], below: Sequence[float], share: float) -> float:
    place = min(max(bisect_left(below, share), 1), len(grid) - 1)
    part = below[place] - below[place - 1]
    within = (share - below[place - 1]) / part if part > 0 else 0.0
    odds = grid[place - 1] + within * (grid[place] - grid[place - 1])
    return exp(_log_share(odds))
