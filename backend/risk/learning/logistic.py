"""Logistic regression with an L2 penalty: the fewest assumptions, and reasons that are a sum.

The optimum that scikit-learn's LogisticRegression(C=0.1) finds, here by Newton's method: a few dozen columns take ten
steps, and a server that only predicts imports nothing but numpy. A test holds the two against each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.risk.learning.table import Floats

PENALTY = 0.1
"""`C`: the weight of the rows against that of the penalty ½‖w‖²."""
_STEPS = 50
_ENOUGH = 1e-10


@dataclass(frozen=True, slots=True)
class Logistic:
    """log-odds = base + Σ weight · column."""

    weights: Floats
    base: float

    kind = "logistic"

    def raw(self, matrix: Floats) -> Floats:
        """The log-odds of each row."""
        found: Floats = matrix @ self.weights + self.base
        return found

    def contributions(self, matrix: Floats) -> Floats:
        """What each column adds to the log-odds of the average row: exact, as the columns are deviations from it."""
        found: Floats = matrix * self.weights
        return found

    def as_data(self) -> dict[str, Any]:
        return {"weights": self.weights.tolist(), "base": self.base}

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> "Logistic":
        return cls(np.array(data["weights"], dtype=float), float(data["base"]))


def odds_to_chance(log_odds: Floats) -> Floats:
    """The probability of log-odds."""
    found: Floats = 1 / (1 + np.exp(-np.clip(log_odds, -35, 35)))
    return found


def fit(matrix: Floats, target: Floats, penalty: float = PENALTY) -> Logistic:
    """Minimise ½‖w‖² + C Σ log-loss; the base is not penalised. Rows count alike: no weights, nothing resampled."""
    rows, count = matrix.shape
    design = np.hstack([matrix, np.ones((rows, 1))])
    ridge = np.full(count + 1, 1 / penalty)
    ridge[-1] = 0
    share = np.clip(target.mean(), 1e-6, 1 - 1e-6)
    weights = np.zeros(count + 1)
    weights[-1] = np.log(share / (1 - share))
    loss = _loss(design, target, weights, ridge)
    for _ in range(_STEPS):
        chance = odds_to_chance(design @ weights)
        gradient = design.T @ (chance - target) + ridge * weights
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(ridge + 1e-9)
        step, size = np.linalg.solve(curvature, gradient), 1.0
        while (new := _loss(design, target, weights - size * step, ridge)) > loss and size > 1e-6:
            size /= 2
        weights = weights - size * step
        if loss - new < _ENOUGH * rows:
            break
        loss = new
    return Logistic(weights[:-1], float(weights[-1]))


def _loss(design: Floats, target: Floats, weights: Floats, ridge: Floats) -> float:
    odds = design @ weights
    return float(np.sum(np.logaddexp(0, odds) - target * odds) + 0.5 * np.sum(ridge * weights**2))
