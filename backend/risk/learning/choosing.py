"""Learning from a table: what is tried, on which rows it is judged, and why one model is taken and not the other.

Fewer than 20 events: no model, only the rules. Up to 200 events or 1,500 rows: logistic regression. Above that, boosted
trees, but only when their log-loss on rows of later times is better by more than one standard error.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backend.risk.learning import logistic, trees
from backend.risk.learning.encoding import Encoder
from backend.risk.learning.measures import losses, measure, reliability
from backend.risk.learning.model import Model
from backend.risk.learning.table import Floats, Ints, Table

LEAST_EVENTS = 20
EVENTS_FOR_TREES, ROWS_FOR_TREES = 200, 1_500
_FOLDS = 5
_LATE_TIMES = 3
"""How many of the latest times are predicted from what was before each."""
_SEED = 42
_SUSPICIOUS = 0.97


@dataclass(frozen=True, slots=True)
class Learned:
    """What came of a table: the model (None: rules only), why it and no other, and the report of the backtest."""

    model: Model | None
    why: str
    report: dict[str, Any] = field(default_factory=dict)


def learn(table: Table) -> Learned:
    """The model for a table, judged on rows it did not see."""
    if table.events < LEAST_EVENTS or len(table) - table.events < LEAST_EVENTS:
        seen = min(table.events, len(table) - table.events)
        why = f"rules only: {seen:,} events of the rarer kind, and a model needs {LEAST_EVENTS}"
        return Learned(None, why, {"rows": len(table), "events": table.events, "model": "rules", "why": why})
    splits = list(_splits(table))
    tested = np.concatenate([test for _, test in splits])
    target = table.target[tested]
    plain = np.concatenate([_fitted(table.where(train), "logistic").chances(table.where(test).columns) for train, test in splits])  # fmt: skip
    tried = {"logistic": measure(plain, target).as_data()}
    kind, why, chances = "logistic", _why_not_trees(table), plain
    if not why:
        grown = np.concatenate([_fitted(table.where(train), "trees").chances(table.where(test).columns) for train, test in splits])  # fmt: skip
        tried["trees"] = measure(grown, target).as_data()
        gain, error = _gain(table, tested, losses(plain, target) - losses(grown, target))
        if gain > error:
            kind, chances = "trees", grown
            why = f"boosted trees: log-loss better than logistic regression by {gain:.4f}, standard error {error:.4f}"
        else:
            why = f"logistic regression: boosted trees gain {gain:.4f} in log-loss, not more than the standard error {error:.4f}"  # fmt: skip
    began = time.perf_counter()
    fitted = _fitted(table, kind)
    fit_seconds = time.perf_counter() - began
    model = Model(fitted.encoder, fitted.scorer, reliability(chances, target))
    report = {
        "rows": len(table),
        "events": table.events,
        "model": kind,
        "why": why,
        "validation": _said(table, splits),
        "measures": tried[kind],
        "tried": tried,
        "fitSeconds": round(fit_seconds, 4),
        "predictMsPer1000": round(_predict_ms(model, table), 3),
        "bins": model.bins,
        "importance": model.importance(table.columns),
        "leftOut": table.left_out,
        "warnings": _warnings(tried[kind]),
    }
    return Learned(model, why, report)


def held_against(table: Table, kind: str, old: Model) -> tuple[float, float] | None:
    """The mean log-loss of an `old` model and of one of `kind` learned before it, on the latest time of a table, which
    the new one has not seen (the old one may have: that is to its advantage). None when there is too little to tell."""
    if table.times is None:
        return None
    late = table.times == table.times.max()
    train, test = table.where(~late), table.where(late)
    if not LEAST_EVENTS <= train.events <= len(train) - LEAST_EVENTS or not len(test):
        return None
    new = _fitted(train, kind)
    before, after = (losses(model.chances(test.columns), test.target).mean() for model in (old, new))
    return float(before), float(after)


def _fitted(table: Table, kind: str) -> Model:
    encoder = Encoder.fit(table)
    matrix = encoder.matrix(table.columns)
    if kind == "logistic":
        return Model(encoder, logistic.fit(matrix, table.target))
    return Model(encoder, trees.grow(matrix, table.target, encoder.signs, _folds(table)))


def _why_not_trees(table: Table) -> str:
    """Why boosted trees are not even tried; "" when they are."""
    if table.events <= EVENTS_FOR_TREES or len(table) <= ROWS_FOR_TREES:
        return (
            f"logistic regression: boosted trees need more than {EVENTS_FOR_TREES} events and "
            f"{ROWS_FOR_TREES:,} rows, there are {table.events:,} and {len(table):,}"
        )
    return f"logistic regression: {cannot}" if (cannot := trees.can_grow()) else ""


def _splits(table: Table) -> Iterator[tuple[Ints, Ints]]:
    """(rows to learn from, rows to judge by): by time where rows have one, else five folds."""
    if table.times is not None:
        found = False
        for late in np.unique(table.times)[-_LATE_TIMES:]:
            train, test = np.nonzero(table.times < late)[0], np.nonzero(table.times == late)[0]
            if LEAST_EVENTS <= table.target[train].sum() <= len(train) - LEAST_EVENTS:
                found = True
                yield train, test
        if found:
            return
    folds = _folds(table)
    for fold in range(_FOLDS):
        yield np.nonzero(folds != fold)[0], np.nonzero(folds == fold)[0]


def _folds(table: Table) -> Ints:
    """A fold for each row: with as many events in each, or with all rows of a customer in one."""
    chance = np.random.default_rng(_SEED)
    folds = np.empty(len(table), dtype=np.int64)
    if table.groups is not None:
        _, group = np.unique(table.groups.astype(str), return_inverse=True)
        of_group = chance.permutation(np.arange(group.max() + 1) % _FOLDS)
        return of_group[group]
    for outcome in (0, 1):
        rows = chance.permutation(np.nonzero(table.target == outcome)[0])
        folds[rows] = np.arange(len(rows)) % _FOLDS
    return folds


def _gain(table: Table, tested: Ints, better: Floats) -> tuple[float, float]:
    """(mean, standard error) of how much better each row was told; rows of one customer count as one draw."""
    if table.groups is None:
        return float(better.mean()), float(better.std(ddof=1) / np.sqrt(len(better)))
    _, group = np.unique(table.groups[tested].astype(str), return_inverse=True)
    centred = np.bincount(group, better - better.mean())
    return float(better.mean()), float(np.sqrt(np.sum(centred**2)) / len(better))


def _said(table: Table, splits: list[tuple[Ints, Ints]]) -> str:
    if table.times is not None and len(splits) <= _LATE_TIMES:
        return f"the last {len(splits)} times, each predicted from those before it"
    return f"{_FOLDS} folds" + (", each customer in one" if table.groups is not None else "")


def _predict_ms(model: Model, table: Table) -> float:
    """Milliseconds to encode and predict a thousand rows: the best of three."""
    rows = table.where(np.arange(1_000) % len(table)).columns
    found = []
    for _ in range(3):
        began = time.perf_counter()
        model.chances(rows)
        found.append((time.perf_counter() - began) * 1_000)
    return min(found)


def _warnings(measures: dict[str, float]) -> list[str]:
    if measures["auc"] > _SUSPICIOUS:
        return [f"an AUC of {measures['auc']:.3f} is too good: does a column tell what happened afterwards?"]
    return []
