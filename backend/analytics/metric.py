"""What a metric is: parts that add up, and one value made of their sums. Screen, API, export and report all use it.

A `Part` says which milestones count and what of them is added. Sums of days add up to sums of weeks; no average is
ever made of averages, no median of medians.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, and_

from backend.analytics.cost import Terms
from backend.analytics.models import Milestone
from backend.core.rows import table_of

MILESTONES = table_of(Milestone).c
Unit = Literal["percent", "seconds", "count", "money"]
Better = Literal["more", "less", "neither"]


class Sum:
    """How many, how much in all, and (where a median is wanted) which values how often."""

    __slots__ = ("count", "spread", "total")

    def __init__(self, count: int = 0, total: int = 0, spread: Mapping[int, int] | None = None) -> None:
        self.count, self.total, self.spread = count, total, dict(spread or {})

    def add(self, other: "Sum") -> None:
        """Add another one to this."""
        self.count += other.count
        self.total += other.total
        mine = self.spread
        if not mine:
            mine.update(other.spread)
        else:
            for value, often in other.spread.items():
                mine[value] = mine.get(value, 0) + often


Sums = dict[tuple[str, str], Sum]
"""By name of the part and value of its dimension ("" when it has none)."""


def added(many: Iterable[Sums]) -> Sums:
    """The sum of sums."""
    whole: Sums = {}
    for sums in many:
        for key, one in sums.items():
            whole.setdefault(key, Sum()).add(one)
    return whole


@dataclass(frozen=True)
class Part:
    """Milestones of one kind, perhaps only those that have (or have not) something, told apart by a column.

    `sums` is the column that is added up; with `is_spread` its values are kept too.
    """

    name: str
    kind: str
    has: Mapping[str, bool] = field(default_factory=dict)
    by: str | None = None
    sums: str | None = None
    is_spread: bool = False

    def fits(self, row: Any) -> bool:
        """Whether a milestone counts."""
        return row.kind == self.kind and all(bool(getattr(row, name)) is wanted for name, wanted in self.has.items())

    def clause(self) -> ColumnElement[bool]:
        """The same as a condition on the table."""
        return and_(MILESTONES.kind == self.kind, *(_has(name, wanted) for name, wanted in self.has.items()))

    def take(self, sums: Sums, row: Any) -> None:
        """Add a milestone to `sums`, if it counts."""
        if not self.fits(row):
            return
        one = sums.setdefault((self.name, (getattr(row, self.by) or "") if self.by else ""), Sum())
        one.count += 1
        value = getattr(row, self.sums) if self.sums else None
        if value is not None:
            one.total += value
            if self.is_spread:
                one.spread[value] = one.spread.get(value, 0) + 1


def _has(name: str, wanted: bool) -> ColumnElement[bool]:
    column = MILESTONES[name]
    if name.startswith("is_"):
        return column.is_(wanted)
    return column.is_not(None) if wanted else column.is_(None)


class Span:
    """What a metric is computed from: the sums of each day (or hour) of a window, and of all time before it."""

    def __init__(self, days: Sequence[Sums], before: Sums) -> None:
        self.days, self._before = days, before
        self._whole = days[0] if len(days) == 1 else added(days)

    def by(self, part: str) -> dict[str, Sum]:
        """The sum of each value of the part's dimension."""
        return {dimension: one for (name, dimension), one in self._whole.items() if name == part}

    def of(self, part: str) -> Sum:
        """The part's sum."""
        whole = Sum()
        for one in self.by(part).values():
            whole.add(one)
        return whole

    def count(self, part: str) -> int:
        """How many milestones of the part lie in the window."""
        return sum(one.count for one in self.by(part).values())

    def since_ever(self, part: str) -> int:
        """How many milestones of the part lie before the end of the window."""
        return self.count(part) + sum(one.count for (name, _), one in self._before.items() if name == part)


class Told(NamedTuple):
    """A metric's value, None when there is not enough to say one, and what it was divided from."""

    value: Fraction | None
    numerator: Fraction
    denominator: Fraction | None = None


def quotient(numerator: Fraction | int, denominator: Fraction | int, scale: int = 1) -> Told:
    """`numerator / denominator * scale`; nothing, and never 0, when there is nothing to divide by."""
    value = Fraction(numerator) * scale / Fraction(denominator) if denominator else None
    return Told(value, Fraction(numerator), Fraction(denominator))


@dataclass(frozen=True)
class Metric:
    """One number that people talk about. `definition` is what is printed beside it everywhere.

    `rows` is the part whose milestones are shown when one asks what is behind the number; those that also fit
    `counted` are the numerator. `parts` are all that `value` reads. `{…}` in the definition are numbers of the rules.
    """

    name: str
    label: str
    definition: str
    unit: Unit
    better: Better
    value: Callable[[Span, Terms], Told]
    rows: str
    parts: tuple[str, ...]
    counted: str | None = None
    top: str | None = None
    """The part whose dimensions are listed with the number, the largest first."""

    def words(self, terms: Terms) -> str:
        """The definition with the numbers of the rules in force."""
        return self.definition.format_map(terms.words)


def quantile(spread: Mapping[int, int], share: Fraction) -> Fraction | None:
    """The smallest value that at least `share` of all values do not exceed; the middle of two for the median.

    (Nearest rank, as in NIST's handbook 1.3.5.6 by the inverse of the distribution; None when there are no values.)
    """
    count = sum(spread.values())
    if not count:
        return None
    rank = share * count
    first = _ranked(spread, max(1, -(-rank.numerator // rank.denominator)))
    if share == Fraction(1, 2) and count % 2 == 0:
        return Fraction(first + _ranked(spread, count // 2 + 1), 2)
    return Fraction(first)


def _ranked(spread: Mapping[int, int], rank: int) -> int:
    seen = 0
    for value in sorted(spread):
        seen += spread[value]
        if seen >= rank:
            return value
    raise AssertionError("the rank is at most the count")
