"""Customers who want to leave, as the simulations have them: four segments, five offers, and what each really brings.

Policies are written over many runs at once in numpy. That they are the product's is held by tests of their own.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SEGMENTS = (
    "too_expensive/month/new",
    "unused/month/settled",
    "missing_features/year/long",
    "switched_service/month/long",
)
ARMS = ("PAUSE:2", "DOWNGRADE", "DISCOUNT:20", "TRIAL_EXTENSION:14", "DISCOUNT:10")
TRUTH: Floats = np.array(
    [
        [0.20, 0.14, 0.32, 0.18, 0.23],
        [0.36, 0.32, 0.30, 0.24, 0.14],
        [0.22, 0.18, 0.23, 0.28, 0.24],
        [0.28, 0.38, 0.25, 0.18, 0.28],
    ]
)
"""The share of 90 days' list price that is paid, by segment and first offer."""
GOOD_RULES = np.array([2, 0, 2, 1])
"""An operator who is right in three of four segments: 0.0125 a session is lost."""
WRONG_RULES = np.array([3, 3, 1, 3])
GAP: Floats = TRUTH.max(axis=1, keepdims=True) - TRUTH

Choose = Callable[[Floats, Floats, Ints, Ints], Ints]
"""(wins, losses) as (run, segment, arm), the run and the segment of each session -> the arm of each."""


def lai_robbins() -> float:
    """The constant of the lower bound on regret (Lai and Robbins, 1985): sum of gap / KL(arm, best) over what is worse."""
    best = TRUTH.max(axis=1, keepdims=True)
    kl = TRUTH * np.log(TRUTH / best) + (1 - TRUTH) * np.log((1 - TRUTH) / (1 - best))
    worse = GAP > 0
    return float((GAP[worse] / kl[worse]).sum())


def regret(choose: Choose, sessions: int, runs: int, seed: int, night: int = 1) -> Floats:
    """Cumulative regret after each night, as (night, run), in list prices of one customer for 90 days.

    Outcomes of `night` sessions are learned from together.
    """
    rng = np.random.default_rng(seed)
    wins, losses = np.zeros((2, runs, *TRUTH.shape))
    lost = np.zeros((sessions // night, runs))
    run = np.repeat(np.arange(runs), night)
    for number in range(sessions // night):
        segment = rng.integers(0, len(SEGMENTS), size=run.size)
        arm = choose(wins, losses, run, segment)
        won = rng.random(run.size) < TRUTH[segment, arm]
        np.add.at(wins, (run, segment, arm), won)
        np.add.at(losses, (run, segment, arm), ~won)
        lost[number] = GAP[segment, arm].reshape(runs, night).sum(axis=1)
    return np.cumsum(lost, axis=0)


def beliefs(wins: Floats, losses: Floats, rules: Ints | None) -> tuple[Floats, Floats]:
    """Both parameters of the product's posteriors, as (run, segment, arm): each segment has a reason of its own here, so that there is
    nobody to borrow from."""
    prior = np.full(TRUTH.shape, 0.18)
    if rules is not None:
        prior[np.arange(len(prior)), rules] = 0.30
    return 10 * prior + wins, 10 * (1 - prior) + losses


def at_random(rng: np.random.Generator) -> Choose:
    return lambda wins, losses, run, segment: rng.integers(0, TRUTH.shape[1], size=run.size)


def by_rule(rules: Ints) -> Choose:
    return lambda wins, losses, run, segment: rules[segment]


def greedy(rng: np.random.Generator) -> Choose:
    """The best mean so far once each was tried; of equals, any."""

    def choose(wins: Floats, losses: Floats, run: Ints, segment: Ints) -> Ints:
        tried = wins[run, segment] + losses[run, segment]
        mean = np.where(tried > 0, wins[run, segment] / np.maximum(tried, 1), 1.0)
        return (mean + 1e-9 * rng.random(mean.shape)).argmax(axis=1)

    return choose


def thompson(rng: np.random.Generator, rules: Ints | None) -> Choose:
    """The greatest of one draw from each posterior."""

    def choose(wins: Floats, losses: Floats, run: Ints, segment: Ints) -> Ints:
        a, b = beliefs(wins, losses, rules)
        return rng.beta(a[run, segment], b[run, segment]).argmax(axis=1)

    return choose


def gated(rng: np.random.Generator, rules: Ints) -> Choose:
    """The rule unless another is better with a probability of 0.6; 15 % by Thompson sampling."""

    def choose(wins: Floats, losses: Floats, run: Ints, segment: Ints) -> Ints:
        a, b = beliefs(wins, losses, rules)
        favourite = favourites(a, b, rules)[run, segment]
        tried = rng.beta(a[run, segment], b[run, segment]).argmax(axis=1)
        return np.where(rng.random(run.size) < 0.15, tried, favourite)

    return choose


def favourites(a: Floats, b: Floats, rules: Ints) -> Ints:
    """What is played when nothing is tried out, as (run, segment)."""
    odds = better_than(a, b, rules)
    mean = np.where(odds >= 0.6, a / (a + b), -1.0)
    return np.where(mean.max(axis=2) > 0, mean.argmax(axis=2), rules)


_ODDS = np.linspace(-9, 5, 500)
_SHARE, _REST = -np.log1p(np.exp(-_ODDS)), -np.log1p(np.exp(_ODDS))


def better_than(a: Floats, b: Floats, rules: Ints) -> Floats:
    """How likely each arm is to be better than the rule's of its segment, which itself is not."""
    density = a[..., None] * _SHARE + b[..., None] * _REST
    density = np.exp(density - density.max(axis=-1, keepdims=True))
    density /= density.sum(axis=-1, keepdims=True)
    segments = np.arange(a.shape[1])
    of_rule = density[:, segments, rules]
    below = np.cumsum(of_rule, axis=-1) - of_rule / 2
    odds = np.einsum("rsat,rst->rsa", density, below)
    odds[:, segments, rules] = 0.0
    return odds
