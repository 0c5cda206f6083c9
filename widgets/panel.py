"""A titled panel of context beside the work: pairs, lines, and how fresh they are. One render, no children."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from widgets.paint import Cell, Palette, clean_text, cut
from widgets.plain import plain

_LABEL_SHARE = 0.4
"""The most that labels may take of the width."""
_HANG_SHARE = 0.6
"""The most of the width that the lines below a first one may be indented by."""
_SIGN = 2
"""The most characters of a sign or number that leads a line."""


class Panel(Widget):
    """Label and value pairs, then lines that wrap and hang. ``freshness`` stands in the lower border."""

    DEFAULT_CSS = """
    Panel {
        height: auto;
        width: 1fr;
        padding: 0 1;
        background: $background;
        color: $foreground;
        border: round $border-blurred;
        border-title-color: $foreground;
        border-title-style: bold;
        border-subtitle-color: $foreground-muted;
    }
    """

    def __init__(self, title: str = "", *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._pairs: tuple[tuple[str, Cell], ...] = ()
        self._lines: tuple[Cell, ...] = ()
        self._refusal = ""
        self._set_border(title, "")

    def show(
        self,
        pairs: Sequence[tuple[str, Cell]],
        lines: Sequence[Cell] = (),
        *,
        title: str | None = None,
        freshness: str = "",
        refusal: str = "",
    ) -> None:
        """Show other content. ``refusal`` dims it all and stands below: the reason why nothing can be done here."""
        height = self._height()
        self._pairs, self._lines, self._refusal = tuple(pairs), tuple(lines), refusal
        self._set_border(title, freshness)
        self.refresh(layout=self._height() != height)

    def show_loading(self, text: str = "Loading …") -> None:
        """Say that content is on its way."""
        self.show((), [[(text, "muted")]])

    def show_error(self, text: str) -> None:
        """Say that content could not be had; never looks like an empty panel."""
        self.show((), [[("✗ ", "danger"), (text, "danger")]])

    def _set_border(self, title: str | None, freshness: str) -> None:
        if title is not None:
            self.border_title = Content(plain(title)) if title else None
        self.border_subtitle = Content(plain(freshness)) if freshness else None

    def _height(self) -> int:
        return len(self._text_lines(self.size.width)) if self._is_mounted and self.size.width else 0

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, len(self._text_lines(width)))

    def render(self) -> Text:
        text = Text("\n", no_wrap=True, end="").join(self._text_lines(self.size.width))
        text.no_wrap = True
        return text

    def _text_lines(self, width: int) -> list[Text]:
        palette = Palette.of(self)
        label_width = min(max((len(label) for label, _ in self._pairs), default=0), int(width * _LABEL_SHARE))
        lines: list[Text] = []
        for label, value in self._pairs:
            name = cut(plain(label), label_width)
            head = Text(name + " " * (label_width - len(name) + 2), palette.style("muted"))
            wrapped = self._wrapped(value, palette, width - label_width - 2)
            for number, line in enumerate(wrapped):
                lines.append((head if number == 0 else Text(" " * (label_width + 2))) + line)
        for cell in self._lines:
            lines.extend(self._hanging(cell, palette, width))
        if self._refusal:
            for line in lines:
                line.stylize(palette.style("muted") + palette.style("dim"))
            lines.extend(self._hanging([("⊘ ", "muted"), (self._refusal, "muted")], palette, width))
        return lines

    def _hanging(self, cell: Cell, palette: Palette, width: int) -> list[Text]:
        """What does not fit goes on below its first word, not below the sign, number or time that leads it."""
        hang = _lead(cell)
        if not hang or hang > width * _HANG_SHARE:
            return self._wrapped(cell, palette, width)
        text = clean_text(cell, palette)
        lead, rest = text[:hang], text[hang:]
        first, *others = rest.wrap(self.app.console, width - cell_len(lead.plain), overflow="fold") or [Text("")]
        blank = Text(" " * cell_len(lead.plain), palette.base)
        return [lead + first, *(blank + line for line in others)]

    def _wrapped(self, cell: Cell, palette: Palette, width: int) -> list[Text]:
        lines = clean_text(cell, palette).wrap(self.app.console, max(1, width), overflow="fold")
        return list(lines) or [Text("")]


def _lead(cell: Cell) -> int:
    """How many characters lead a line: its blanks, signs, and first spans that are set apart by two blanks."""
    if isinstance(cell, str | Text):
        plain_ = cell if isinstance(cell, str) else cell.plain
        return len(plain_) - len(plain_.lstrip(" "))
    lead = 0
    for part, _ in cell:
        if not part.endswith("  ") and not (part.endswith(" ") and len(part.strip()) <= _SIGN):
            return lead + len(part) - len(part.lstrip(" "))
        lead += len(part)
    return 0
