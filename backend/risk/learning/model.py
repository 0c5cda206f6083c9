"""A model that was learned: probabilities, the reasons for each, how far to trust them, and whether the world moved on.

It is kept as data (`as_data`): nothing in it can run. What is read back is checked before it is used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from backend.risk.learning.encoding import Encoder, binned
from backend.risk.learning.feature import Feature
from backend.risk.learning.logistic import Logistic, odds_to_chance
from backend.risk.learning.table import Floats
from backend.risk.learning.trees import Trees

FORMAT = 1
_SCORERS: dict[str, type[Logistic] | type[Trees]] = {"logistic": Logistic, "trees": Trees}


class Reason(NamedTuple):
    """What one feature adds: to the log-odds (exactly: all of them and the base are the log-odds), and to the
    probability, which would be so much lower if the feature were as on average."""

    feature: Feature
    value: Any
    log_odds: float
    points: float


@dataclass(frozen=True, slots=True)
class Model:
    """An encoder and what scores its rows. `bins` are those of `measures.reliability`, from rows not learned from."""

    encoder: Encoder
    scorer: Logistic | Trees
    bins: list[dict[str, float]] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return self.scorer.kind

    def chances(self, columns: Mapping[str, npt.NDArray[Any]]) -> Floats:
        """The probability of each row."""
        return odds_to_chance(self.scorer.raw(self.encoder.matrix(columns)))

    def contributions(self, columns: Mapping[str, npt.NDArray[Any]]) -> tuple[Floats, Floats]:
        """(the probability of each row, what each feature adds to its log-odds)."""
        matrix = self.encoder.matrix(columns)
        parts = self.scorer.contributions(matrix)
        return odds_to_chance(parts.sum(axis=1) + self.scorer.base), self.encoder.by_feature(parts)

    def reasons(self, columns: Mapping[str, npt.NDArray[Any]]) -> tuple[Floats, list[list[Reason]]]:
        """(the probability of each row, its reasons: what makes it likelier most first)."""
        chances, parts = self.contributions(columns)
        odds = np.log(np.clip(chances, 1e-12, 1) / np.clip(1 - chances, 1e-12, 1))
        points = chances[:, None] - odds_to_chance(odds[:, None] - parts)
        told = []
        for row in range(len(chances)):
            order = np.argsort(-parts[row], kind="stable")
            told.append([self._reason(columns, row, int(at), parts, points) for at in order])
        return chances, told

    def _reason(
        self, columns: Mapping[str, npt.NDArray[Any]], row: int, at: int, parts: Floats, points: Floats
    ) -> Reason:
        one = self.encoder.features[at]
        return Reason(one, columns[one.name][row], float(parts[row, at]), float(points[row, at]))

    def band(self, chance: float) -> tuple[float, float]:
        """Between which bounds the truth lies for customers with such a probability, as far as the past tells."""
        if not self.bins:
            return 0.0, 1.0
        found = next((one for one in self.bins if chance <= one["upTo"]), self.bins[-1])
        return min(found["low"], chance), max(found["high"], chance)

    def importance(self, columns: Mapping[str, npt.NDArray[Any]]) -> dict[str, float]:
        """The mean absolute contribution of each feature over rows, what weighs most first; they add up to one."""
        weights = np.abs(self.contributions(columns)[1]).mean(axis=0)
        total = float(weights.sum()) or 1.0
        order = np.argsort(-weights, kind="stable")
        return {self.encoder.features[at].name: float(weights[at]) / total for at in order}

    def drift(self, columns: Mapping[str, npt.NDArray[Any]]) -> dict[str, float]:
        """The population stability index of each feature: rows of now against those learned from.

        Up to 0.1 nothing has moved, above 0.25 much has (Siddiqi 2006).
        """
        found = {}
        for one in self.encoder.features:
            if (spread := self.encoder.spread.get(one.name)) is None:
                continue
            values = columns[one.name]
            was: Sequence[float]
            now: Sequence[float]
            if one.is_choice:
                levels = sorted({*spread["shares"], *values.tolist()})
                was = [spread["shares"].get(level, 0.0) for level in levels]
                now = [float(np.mean(values == level)) for level in levels]
            else:
                was, now = spread["counts"], binned(values, spread["edges"])
            found[one.name] = _stability(was, now)
        return found

    def as_data(self) -> dict[str, Any]:
        """Everything in plain values, for JSON."""
        return {
            "format": FORMAT,
            "kind": self.kind,
            "encoder": self.encoder.as_data(),
            "scorer": self.scorer.as_data(),
            "bins": self.bins,
        }

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> "Model":
        """The inverse of `as_data`. ValueError for what is no such data."""
        if data.get("format") != FORMAT or data.get("kind") not in _SCORERS:
            raise ValueError("this is no model that this version of Holdfast can use")
        encoder, scorer = Encoder.of_data(data["encoder"]), _SCORERS[data["kind"]].of_data(data["scorer"])
        if isinstance(scorer, Logistic) and len(scorer.weights) != len(encoder.columns):
            raise ValueError("this model has other weights than columns")
        return cls(encoder, scorer, list(data["bins"]))


def _stability(was: Sequence[float], now: Sequence[float]) -> float:
    before, after = np.asarray(was, dtype=float), np.asarray(now, dtype=float)
    before, after = before / max(before.sum(), 1e-12), after / max(after.sum(), 1e-12)
    before, after = np.maximum(before, 1e-4), np.maximum(after, 1e-4)
    return float(np.sum((after - before) * np.log(after / before)))
