"""Drawing the lines of a queue: strips by row version and state, remembered until they change."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

from widgets.paint import Cell, Palette, clean_lines, fit, join_equal, spans, width_of
from widgets.queue_columns import Layout
from widgets.queue_model import Key

GUTTER = 3
"""Cells left of the columns: the cursor bar, the mark, and air."""

_REMEMBERED = 512
"""Rows whose strips are kept: some screens up and down. More would only give the garbage collector more to walk."""


class LineState(NamedTuple):
    """What a row's line shows besides its cells."""

    has_cursor: bool
    is_marked: bool
    is_gone: bool
    is_focused: bool


@dataclass(frozen=True)
class LineStyles:
    """The styles of a table, resolved once for a theme."""

    palette: Palette
    header: Style
    cursor: Style
    blurred: Style
    marked: Style


class LineBook:
    """Strips of rows, built when first seen and kept while row version, width and styles are the same."""

    def __init__(self, console: Console, styles: LineStyles, layout: Layout, version_of: Callable[[Any], Any]) -> None:
        self.layout = layout
        self.styles = styles
        self._console = console
        self._version_of = version_of
        self._cells: dict[Key, tuple[Any, list[Segment]]] = {}
        self._strips: dict[tuple[Key, LineState], tuple[Any, Strip]] = {}

    @property
    def width(self) -> int:
        return self.layout.width + GUTTER

    def forget(self, key: Key | None = None) -> None:
        """Draw a row afresh next time although its version is the same; all rows without a key."""
        if key is None:
            self._cells.clear()
        else:
            self._cells.pop(key, None)
        self._strips.clear()

    def line(self, key: Key, row: Any, state: LineState) -> Strip:
        """The strip of a row. For a row that is gone its last drawn cells are kept, dimmed."""
        version = None if row is None else self._version_of(row)
        known = self._strips.get((key, state))
        if known is not None and (row is None or known[0] == version):
            return known[1]
        strip = Strip(self._compose(self._cells_of(key, row, version), state), self.width)
        _remember(self._strips, (key, state), (version, strip))
        return strip

    def _cells_of(self, key: Key, row: Any, version: Any) -> list[Segment]:
        known = self._cells.get(key)
        if known is not None and (row is None or known[0] == version):
            return known[1]
        if row is None:
            return [Segment(" " * self.layout.width, self.styles.palette.base)]
        cells = self.layout.row(row, self.styles.palette, self._console)
        _remember(self._cells, key, (version, cells))
        return cells

    def _compose(self, cells: list[Segment], state: LineState) -> list[Segment]:
        styles = self.styles
        base = styles.palette.base
        if state.is_gone:
            cells = [Segment(text, base + Style(strike=True, dim=True)) for text, _, _ in cells]
        bar = "▌" if state.is_focused else "▏"
        line = [
            Segment(bar if state.has_cursor else " ", styles.palette.style("cursor-bar")),
            Segment("✓ " if state.is_marked else "  ", styles.palette.style("mark bold")),
            *cells,
        ]
        if state.has_cursor:
            over = styles.cursor if state.is_focused else styles.blurred
        elif state.is_marked:
            over = styles.marked
        else:
            return join_equal(line)
        return join_equal([Segment(text, (style or base) + over) for text, style, _ in line])

    def header(self, note: Cell) -> Strip:
        """The sticky first line; ``note`` stands at its right end, over the titles if it must."""
        style = self.styles.header
        titles = [Segment(" " * GUTTER, style), *self.layout.header(style)]
        palette = Palette.like(self.styles.palette, style)
        said = spans(note, palette, self._console)
        if not said:
            return Strip(titles, self.width)
        said = fit(said, min(width_of(said), self.width - 1), "left", style)
        return Strip([*fit(titles, self.width - width_of(said) - 1, "left", style), Segment(" ", style), *said])

    def notice(self, text: Cell, line: int) -> Strip:
        """One line of a centred message that stands where rows would be."""
        palette = self.styles.palette
        lines = [
            part
            for whole in clean_lines(text, palette, self._console)
            for part in _wrapped(whole, self.width - 2 * GUTTER, self._console)
        ]
        segments = lines[line] if 0 <= line < len(lines) else []
        return Strip(fit(segments, self.width, "center", palette.base), self.width)


def _wrapped(line: list[Segment], width: int, console: Console) -> list[list[Segment]]:
    """A line that is too long, between its words."""
    if width_of(line) <= width or width < 1:
        return [line]
    text = Text.assemble(*((part, style or "") for part, style, _ in line), end="")
    parts = text.wrap(console, width)
    for part in parts:
        part.rstrip()
        part.end = ""
    return [list(part.render(console)) for part in parts]


def _remember(memory: dict[Any, Any], key: Any, value: Any) -> None:
    """Keep a value, and let the oldest go when there are too many."""
    if key not in memory and len(memory) >= _REMEMBERED:
        del memory[next(iter(memory))]
    memory[key] = value
