"""Boosted trees: grown by LightGBM, kept as plain arrays and walked with numpy, so that predicting needs no LightGBM.

A tree's contribution to a feature is what the expected value changes by where the path splits on it. Those add up
exactly to the log-odds.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.risk.learning.logistic import Logistic, fit
from backend.risk.learning.table import Floats, Ints

_ROUNDS = 250
_TUNED: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.03,
    "num_leaves": 8,
    "feature_fraction": 0.6,
    "min_data_in_leaf": 20,
    "seed": 42,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}
_FOLDS = 5


class CannotGrow(RuntimeError):
    """LightGBM cannot be imported here; the text says why."""


@dataclass(frozen=True, slots=True)
class Trees:
    """log-odds = slope · (what the leaves say) + offset. All trees have as many nodes; a leaf leads to itself."""

    feature: Ints
    threshold: Floats
    left: Ints
    right: Ints
    value: Floats
    """The leaf's, and of a node the expected one: (trees, nodes)."""
    depth: int
    slope: float
    offset: float

    kind = "trees"

    @property
    def base(self) -> float:
        """The log-odds before anything is known."""
        return float(self.value[:, 0].sum()) * self.slope + self.offset

    def raw(self, matrix: Floats) -> Floats:
        """The log-odds of each row."""
        leaf = self.value.ravel()[self._starts(len(matrix))]
        for _, below in self._walk(matrix):
            leaf = below
        found: Floats = leaf.sum(axis=1) * self.slope + self.offset
        return found

    def contributions(self, matrix: Floats) -> Floats:
        """What each column adds to the log-odds."""
        rows, columns = matrix.shape
        first = (np.arange(rows) * columns)[:, None]
        found, said = np.zeros(rows * columns), self.value.ravel()[self._starts(rows)]
        for split, below in self._walk(matrix):
            found += np.bincount((first + split).ravel(), (below - said).ravel(), rows * columns)
            said = below
        return found.reshape(rows, columns) * self.slope

    def _starts(self, rows: int) -> Ints:
        trees, nodes = self.feature.shape
        return np.broadcast_to(np.arange(trees) * nodes, (rows, trees))

    def _walk(self, matrix: Floats) -> Iterator[tuple[Ints, Floats]]:
        """Step by step down all trees for all rows: (the columns split on, the values below), each (rows, trees)."""
        rows, columns = matrix.shape
        trees, nodes = self.feature.shape
        offset = (np.arange(trees) * nodes)[:, None]
        feature, threshold, value = self.feature.ravel(), self.threshold.ravel(), self.value.ravel()
        left, right = (self.left + offset).ravel(), (self.right + offset).ravel()
        values, first = matrix.ravel(), (np.arange(rows) * columns)[:, None]
        here: Ints = self._starts(rows)
        for _ in range(self.depth):
            split = feature.take(here)
            here = np.where(values.take(first + split) <= threshold.take(here), left.take(here), right.take(here))
            yield split, value.take(here)

    def as_data(self) -> dict[str, Any]:
        arrays = {name: getattr(self, name).tolist() for name in ("feature", "threshold", "left", "right", "value")}
        return {**arrays, "depth": self.depth, "slope": self.slope, "offset": self.offset}

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> "Trees":
        feature, left, right = (np.array(data[name], dtype=np.int64) for name in ("feature", "left", "right"))
        threshold, value = (np.array(data[name], dtype=float) for name in ("threshold", "value"))
        return cls(feature, threshold, left, right, value, data["depth"], data["slope"], data["offset"])


def can_grow() -> str:
    """Why trees cannot be grown here; "" when they can."""
    try:
        import lightgbm  # noqa: F401
    except (ImportError, OSError) as error:  # OSError: without libgomp its library does not load
        return f"LightGBM cannot be imported ({error}); install libgomp (apt-get install libgomp1)"
    return ""


def grow(matrix: Floats, target: Floats, signs: Sequence[int], folds: Ints) -> Trees:
    """Trees for all rows, calibrated by a sigmoid over rows that trees of the other `folds` (0 to 4) did not see."""
    unseen = np.empty(len(target))
    for fold in range(_FOLDS):
        away = folds == fold
        unseen[away] = _boost(matrix[~away], target[~away], signs).raw(matrix[away])
    sigmoid: Logistic = fit(unseen[:, None], target, penalty=1e9)
    grown = _boost(matrix, target, signs)
    kept = {name: getattr(grown, name) for name in ("feature", "threshold", "left", "right", "value", "depth")}
    return Trees(**kept, slope=float(sigmoid.weights[0]), offset=sigmoid.base)


def _boost(matrix: Floats, target: Floats, signs: Sequence[int]) -> Trees:
    if why := can_grow():
        raise CannotGrow(why)
    import lightgbm

    parameters = {**_TUNED, "monotone_constraints": list(signs)} if any(signs) else _TUNED
    booster = lightgbm.train(parameters, lightgbm.Dataset(matrix, target, free_raw_data=False), _ROUNDS)
    return _plain([tree["tree_structure"] for tree in booster.dump_model()["tree_info"]])


def _plain(roots: list[dict[str, Any]]) -> Trees:
    """The trees of a dump as arrays."""
    nodes: list[list[tuple[int, float, int, int, float]]] = []
    depth = 0

    def add(tree: list[tuple[int, float, int, int, float]], node: dict[str, Any], level: int) -> int:
        nonlocal depth
        depth = max(depth, level)
        place = len(tree)
        tree.append((0, 0.0, place, place, float(node.get("leaf_value", 0.0))))
        if "split_feature" in node:
            left = add(tree, node["left_child"], level + 1)
            right = add(tree, node["right_child"], level + 1)
            expected = float(node["internal_value"])
            tree[place] = (int(node["split_feature"]), float(node["threshold"]), left, right, expected)
        return place

    for root in roots:
        tree: list[tuple[int, float, int, int, float]] = []
        add(tree, root, 0)
        nodes.append(tree)
    most = max(map(len, nodes))
    padded = [tree + [(0, 0.0, at, at, 0.0) for at in range(len(tree), most)] for tree in nodes]
    parts = [np.array([[node[part] for node in tree] for tree in padded]) for part in range(5)]
    feature, threshold, left, right, value = parts
    return Trees(feature, threshold, left, right, value, depth, 1.0, 0.0)
