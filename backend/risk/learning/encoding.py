"""Features as a matrix in which each column is a deviation from the average row, in standard deviations."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from backend.risk.learning.feature import Feature
from backend.risk.learning.table import Floats, Table

_MOST_LEVELS = 30
_BINS = 10


@dataclass(frozen=True, slots=True)
class Column:
    """One column: a number (`level` is None), or whether a choice is `level`. `missing` stands for what is not known."""

    feature: int
    level: str | None
    mean: float
    deviation: float
    missing: float = 0.0


@dataclass(frozen=True, slots=True)
class Encoder:
    """How rows become numbers, as learned from one table; `spread` says how often what came, to see drift by."""

    features: tuple[Feature, ...]
    columns: tuple[Column, ...]
    spread: dict[str, dict[str, Any]]

    @classmethod
    def fit(cls, table: Table) -> "Encoder":
        """The encoder of a table. A column that says nothing is left out."""
        columns: list[Column] = []
        spread: dict[str, dict[str, Any]] = {}
        for index, one in enumerate(table.features):
            values = table.columns[one.name]
            if one.is_choice:
                counts = Counter(values.tolist())
                spread[one.name] = {"shares": {level: count / len(values) for level, count in counts.items()}}
                for level, _ in sorted(counts.most_common(_MOST_LEVELS)):
                    columns += _column(index, level, (values == level).astype(float))
                continue
            known = values[~np.isnan(values)]
            if not len(known):
                continue
            median = float(np.median(known))
            columns += _column(index, None, np.where(np.isnan(values), median, values), median)
            edges = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1]))
            spread[one.name] = {"edges": edges.tolist(), "counts": binned(values, edges)}
        return cls(tuple(table.features), tuple(columns), spread)

    def matrix(self, columns: Mapping[str, npt.NDArray[Any]]) -> Floats:
        """Rows as they are learned from: one row each, standardised."""
        count = len(next(iter(columns.values())))
        found = np.empty((count, len(self.columns)))
        for index, column in enumerate(self.columns):
            values = columns[self.features[column.feature].name]
            if column.level is None:
                raw = np.where(np.isnan(values), column.missing, values)
            else:
                raw = (values == column.level).astype(float)
            found[:, index] = (raw - column.mean) / column.deviation
        return found

    def by_feature(self, contributions: Floats) -> Floats:
        """Contributions of columns added up to those of features."""
        found = np.zeros((len(contributions), len(self.features)))
        for index, column in enumerate(self.columns):
            found[:, column.feature] += contributions[:, index]
        return found

    @property
    def signs(self) -> list[int]:
        """The sign of each column's feature."""
        return [0 if one.level is not None else self.features[one.feature].sign for one in self.columns]

    def as_data(self) -> dict[str, Any]:
        """Everything in plain values."""
        return {
            "features": [[one.name, one.label, one.is_choice, one.sign, one.unit] for one in self.features],
            "columns": [[one.feature, one.level, one.mean, one.deviation, one.missing] for one in self.columns],
            "spread": self.spread,
        }

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> "Encoder":
        """The inverse of `as_data`."""
        features = tuple(Feature(*one) for one in data["features"])
        return cls(features, tuple(Column(*one) for one in data["columns"]), data["spread"])


def _column(feature: int, level: str | None, values: Floats, missing: float = 0.0) -> list[Column]:
    deviation = float(values.std())
    return [Column(feature, level, float(values.mean()), deviation, missing)] if deviation > 1e-12 else []


def binned(values: Floats, edges: npt.ArrayLike) -> list[int]:
    """How many values are in each bin; the last one counts what is not known."""
    known = values[~np.isnan(values)]
    bins = np.asarray(edges, dtype=float)
    counts = np.bincount(np.searchsorted(bins, known, side="right"), minlength=len(bins) + 1)
    return [*map(int, counts), len(values) - len(known)]
