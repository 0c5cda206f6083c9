"""From plain values to styled segments: role names, cell values, fitting into a width.

A widget names a role ("danger", "muted bold"); the theme says what it looks like. Roles come from the theme variables
``role-<name>``; a name the theme does not know paints as ordinary text.
"""

from collections.abc import Iterable, Mapping, Sequence

from rich.cells import cell_len, set_cell_size
from rich.color import Color as RichColor
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.color import Color, ColorParseError
from textual.widget import Widget

from widgets.plain import plain, plain_lines, plain_text

Span = tuple[str, str]
Cell = str | Text | Sequence[Span]
"""What a cell can be: a string, rich ``Text``, or spans of (text, role words)."""

ELLIPSIS = "…"
_ATTRIBUTES = frozenset({"bold", "dim", "italic", "underline", "strike", "reverse"})


class Palette:
    """Role words resolved to rich styles over one base style, remembered until the theme changes."""

    def __init__(self, variables: Mapping[str, str], base: Style) -> None:
        self.base = base
        self._variables = variables
        self._styles: dict[str, Style] = {"": base}

    @classmethod
    def of(cls, widget: Widget) -> "Palette":
        """The palette of a mounted widget: the app's theme over the widget's own colours."""
        return cls(widget.app.theme_variables, widget.visual_style.rich_style)

    @classmethod
    def like(cls, other: "Palette", base: Style) -> "Palette":
        """The roles of another palette over another base style."""
        return cls(other._variables, base)

    def style(self, words: str) -> Style:
        """The style for role words such as ``"customer"`` or ``"danger bold"``, background included."""
        found = self._styles.get(words)
        if found is None:
            found = self.base
            for word in words.split():
                found += Style.parse(word) if word in _ATTRIBUTES else Style(color=self.color(word))
            self._styles[words] = found
        return found

    def color(self, role: str) -> RichColor | None:
        """The colour of one role, None when the theme has none."""
        value = self._variables.get(f"role-{role}")
        if value is None:
            return None
        try:
            return Color.parse(value).rich_color
        except ColorParseError:
            return None

    def background(self, role: str) -> Style:
        """A style that paints only the background, in the colour of the role."""
        return Style(bgcolor=self.color(role))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Palette):
            return NotImplemented
        return self.base == other.base and self._variables == other._variables

    __hash__ = None  # type: ignore[assignment]  # compared, never kept in a set


def spans(cell: Cell, palette: Palette, console: Console) -> list[Segment]:
    """Clean, style and split a cell into segments of one line, without links or other meta."""
    if isinstance(cell, str):
        return [Segment(plain(cell), palette.base)] if cell else []
    if isinstance(cell, Text):
        text = plain_text(cell)
        text.end = ""
        return [
            Segment(part, palette.base + (style or Style.null()).clear_meta_and_links())
            for part, style, _ in text.render(console)
            if part
        ]
    return [Segment(plain(part), palette.style(words)) for part, words in cell if part]


def clean_lines(cell: Cell, palette: Palette, console: Console) -> list[list[Segment]]:
    """Like :func:`spans`, but the line breaks of a plain string start new lines."""
    if isinstance(cell, str):
        return [spans(line, palette, console) for line in plain_lines(cell)]
    return [spans(cell, palette, console)]


def clean_text(cell: Cell, palette: Palette) -> Text:
    """A cell as rich ``Text`` for widgets that render with ``render()``."""
    if isinstance(cell, Text):
        return plain_text(cell)
    if isinstance(cell, str):
        return Text(plain(cell), style=palette.base)
    text = Text(style=palette.base)
    for part, words in cell:
        text.append(plain(part), palette.style(words))
    return text


def cells(text: str) -> int:
    """Cells taken by clean text; a character of ASCII takes one."""
    return len(text) if text.isascii() else cell_len(text)


def width_of(segments: Sequence[Segment]) -> int:
    """Cells taken by segments."""
    return sum([cells(segment.text) for segment in segments])


def cut(text: str, width: int) -> str:
    """Shorten text to at most ``width`` cells, with an ellipsis when something was lost."""
    if cells(text) <= width:
        return text
    return "" if width <= 0 else set_cell_size(text, width - 1) + ELLIPSIS


def fit(segments: list[Segment], width: int, align: str, blank: Style) -> list[Segment]:
    """Cut or pad segments to exactly ``width`` cells; ``align`` is left, right or center."""
    used = cells(segments[0].text) if len(segments) == 1 else width_of(segments)
    if used > width:
        return _shorten(segments, width, blank)
    if used == width:
        return segments
    gap = width - used
    if align == "left":
        return [*segments, Segment(" " * gap, blank)]
    before = gap if align == "right" else gap // 2
    return [Segment(" " * before, blank), *segments, Segment(" " * (gap - before), blank)]


def _shorten(segments: list[Segment], width: int, blank: Style) -> list[Segment]:
    if width <= 0:
        return []
    kept: list[Segment] = []
    left = width - 1
    for text, style, _ in segments:
        size = cells(text)
        if size > left:
            kept.append(Segment(set_cell_size(text, left) + ELLIPSIS, style))
            return kept
        kept.append(Segment(text, style))
        left -= size
    return fit(kept, width, "left", blank)


def join_equal(segments: Iterable[Segment]) -> list[Segment]:
    """Merge neighbours of one style: fewer escapes for the terminal, less work for the compositor."""
    joined: list[Segment] = []
    text, style = "", None
    for segment in segments:
        if segment.style is style or segment.style == style:
            text += segment.text
            continue
        if text:
            joined.append(Segment(text, style))
        text, style = segment.text, segment.style
    if text:
        joined.append(Segment(text, style))
    return joined
