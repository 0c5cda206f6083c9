"""A table from a CSV file (or one packed by gzip), whatever its columns: numbers stay numbers, texts become choices."""

import csv
import gzip
import math
from pathlib import Path
from typing import IO

import numpy as np

from backend.risk.learning.feature import Feature
from backend.risk.learning.table import Ints, Table

_YES = frozenset({"1", "true", "yes", "y", "t", "churn", "churned", "left"})
_NO = frozenset({"0", "false", "no", "n", "f", "stayed", "active", ""})
_MOST_CHOICES = 50
MOST_ROWS = 5_000_000


class Unreadable(ValueError):
    """The file cannot be learned from; the text says why, and what to do."""


def read_csv(path: Path, target: str, *, time: str | None = None, group: str | None = None) -> Table:
    """The table in `path`. `target` names the column that says yes or no; `time` one that sorts in the order of time.

    Raises Unreadable, OSError.
    """
    with _opened(path) as lines:
        try:
            reader = csv.reader(lines)
            head = next(reader, None)
            if not head:
                raise Unreadable(f"{path.name} is empty")
            rows = [row for row in reader if row]
        except (csv.Error, UnicodeDecodeError, gzip.BadGzipFile) as error:
            raise Unreadable(f"{path.name} is no CSV file in UTF-8: {error}") from None
    for wanted in filter(None, (target, time, group)):
        if wanted not in head:
            raise Unreadable(f"{path.name} has no column {wanted!r}; it has {', '.join(head)}")
    if wrong := next((number for number, row in enumerate(rows, 2) if len(row) != len(head)), None):
        raise Unreadable(f"row {wrong} of {path.name} has {len(rows[wrong - 2])} values, not {len(head)}")
    if not rows:
        raise Unreadable(f"{path.name} has no rows")
    texts = {name: [row[index].strip() for row in rows] for index, name in enumerate(head)}
    features, columns, left_out = [], {}, {}
    for name, values in texts.items():
        if name in (target, time, group):
            continue
        numbers = _numbers(values)
        if numbers is not None and len(set(values)) > 1:
            features.append(Feature(name, name))
            columns[name] = np.array(numbers)
        elif len(set(values)) == 1:
            left_out[name] = "the same in every row"
        elif len(set(values)) > max(_MOST_CHOICES, len(rows) // 20):
            left_out[name] = "another value in nearly every row"
        else:
            features.append(Feature(name, name, is_choice=True))
            columns[name] = np.array(values, dtype=object)
    if not features:
        raise Unreadable(f"{path.name} has no column to learn from beside {target!r}")
    return Table(
        features,
        columns,
        np.array(_answers(path, target, texts[target])),
        None if time is None else _ranks(texts[time]),
        None if group is None else np.array(texts[group], dtype=object),
        left_out,
    )


def _opened(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _numbers(values: list[str]) -> list[float] | None:
    """The numbers in `values`, NaN for nothing; None when one of them is no number."""
    found = []
    for value in values:
        try:
            number = float(value) if value else math.nan
        except ValueError:
            return None
        if math.isinf(number):
            return None
        found.append(number)
    return None if all(map(math.isnan, found)) else found


def _answers(path: Path, target: str, values: list[str]) -> list[float]:
    said = {value.lower() for value in values}
    if odd := said - _YES - _NO:
        raise Unreadable(f"{target!r} in {path.name} must say yes or no; it also says {sorted(odd)[0]!r}")
    return [1.0 if value.lower() in _YES else 0.0 for value in values]


def _ranks(values: list[str]) -> Ints:
    numbers = _numbers(values)
    sortable = np.array(values if numbers is None else numbers)
    return np.unique(sortable, return_inverse=True)[1].astype(np.int64)
