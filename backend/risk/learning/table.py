"""A table to learn from: named columns, what happened, and who and when each row is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from backend.risk.learning.feature import Feature

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]


@dataclass(slots=True)
class Table:
    """Rows by columns: numbers with NaN where nothing is known, or texts with "" there.

    `target` is 1 where it happened. `times` are whole numbers that grow (months), when rows are of different times, and
    `groups` say which rows are of one customer, when a customer has several.
    """

    features: Sequence[Feature]
    columns: Mapping[str, npt.NDArray[Any]]
    target: Floats
    times: Ints | None = None
    groups: npt.NDArray[Any] | None = None
    left_out: dict[str, str] = field(default_factory=dict)
    """Columns of the source that nothing can be learned from, and why."""

    def __len__(self) -> int:
        return len(self.target)

    @property
    def events(self) -> int:
        """How many rows it happened in."""
        return int(self.target.sum())

    def where(self, rows: npt.NDArray[Any]) -> "Table":
        """Some of the rows, by a mask or by numbers."""
        return Table(
            self.features,
            {name: column[rows] for name, column in self.columns.items()},
            self.target[rows],
            None if self.times is None else self.times[rows],
            None if self.groups is None else self.groups[rows],
        )


def columns_of(features: Sequence[Feature], rows: Sequence[Mapping[str, Any]]) -> dict[str, npt.NDArray[Any]]:
    """The columns of rows that name their values; what a row does not name is not known."""
    found: dict[str, npt.NDArray[Any]] = {}
    for one in features:
        values = [row.get(one.name) for row in rows]
        if one.is_choice:
            found[one.name] = np.array(["" if value is None else str(value) for value in values], dtype=object)
        else:
            found[one.name] = np.array([np.nan if value is None else float(value) for value in values])
    return found
