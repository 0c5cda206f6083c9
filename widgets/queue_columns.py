"""Columns of a queue and how they share the width."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rich.console import Console
from rich.segment import Segment
from rich.style import Style

from widgets.paint import Cell, Palette, fit, join_equal, spans
from widgets.plain import plain

GAP = 1
"""Blank cells between two columns."""


def field(row: Any, name: str) -> Any:
    """Read a field of a mapping or an attribute of an object; None when there is none."""
    # A dict is what nearly all rows are, and asking whether something is a Mapping takes ten times as long.
    if type(row) is dict or isinstance(row, Mapping):
        return row.get(name)
    return getattr(row, name, None)


def as_text(value: Any, _row: Any) -> Cell:
    """The plain cell: nothing for None, otherwise the value's own text."""
    return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    ``width`` is in cells; 0 means flexible: at least ``least`` cells, and what is left is shared by ``weight``.
    ``priority`` decides who stays when it is narrow: the highest number drops first, 0 never drops.
    ``render`` gets the field named ``key`` and the whole row, and answers a cell.
    """

    key: str
    title: str
    width: int = 0
    least: int = 8
    weight: int = 1
    priority: int = 1
    align: Literal["left", "right", "center"] = "left"
    render: Callable[[Any, Any], Cell] = as_text

    @property
    def needs(self) -> int:
        """The fewest cells this column can live with."""
        return self.width or self.least


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns that fit into a width, with the width each one got."""

    width: int
    columns: tuple[tuple[Column, int], ...]

    @classmethod
    def of(cls, columns: Sequence[Column], width: int) -> "Layout":
        """Drop columns by priority (the rightmost of equals first) until the rest fits, then share what is left."""
        kept = list(columns)
        while len(kept) > 1 and _needed(kept) > width:
            droppable = [column for column in kept if column.priority > 0]
            if not droppable:
                break
            last = max(range(len(kept)), key=lambda place: (kept[place].priority, place))
            del kept[last]
        spare = max(0, width - _needed(kept))
        weight = sum(column.weight for column in kept if not column.width)
        sized: list[tuple[Column, int]] = []
        for column in kept:
            extra = 0
            if not column.width and weight:
                extra = spare * column.weight // weight
                spare, weight = spare - extra, weight - column.weight
            sized.append((column, column.needs + extra))
        return cls(width, tuple(sized))

    def header(self, style: Style) -> list[Segment]:
        """The titles, as wide as the layout."""
        segments: list[Segment] = []
        for column, width in self.columns:
            segments += fit([Segment(plain(column.title), style)], width, column.align, style)
            segments.append(Segment(" " * GAP, style))
        return join_equal(fit(segments[:-1], self.width, "left", style))

    def row(self, row: Any, palette: Palette, console: Console) -> list[Segment]:
        """The cells of one row, as wide as the layout."""
        base = palette.base
        gap = Segment(" " * GAP, base)
        segments: list[Segment] = []
        for column, width in self.columns:
            cell = column.render(field(row, column.key), row)
            segments += fit(spans(cell, palette, console), width, column.align, base)
            segments.append(gap)
        return join_equal(fit(segments[:-1], self.width, "left", base))


def _needed(columns: Sequence[Column]) -> int:
    return sum(column.needs for column in columns) + GAP * (len(columns) - 1)
