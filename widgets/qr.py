"""A QR code in half blocks: dark on white whatever the theme, because scanners want it so and themes differ."""

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from widgets.paint import Palette
from widgets.plain import plain

QUIET = (4, 2, 1)
"""How many light modules around are tried: four is the standard's (ISO/IEC 18004), scanners get by with fewer."""
_MARKS = " ▄▀█"
"""By whether the upper module is dark (2) and the lower one (1)."""
_INK = Style(color="#000000", bgcolor="#ffffff")
_ESCAPES = "\x1b[38;5;16;48;5;231m", "\x1b[0m"
"""Black on white of the 256 colours, which no terminal's own palette changes."""


def half_blocks(text: str, quiet: int = QUIET[0]) -> list[str]:
    """The lines of the QR code of `text`, two modules a character, one line for two rows. ValueError when it is too long."""
    import segno

    rows = [list(row) for row in segno.make(text, error="l", micro=False).matrix_iter(border=quiet)]
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    return [
        "".join(_MARKS[2 * bool(upper) + bool(lower)] for upper, lower in zip(above, below, strict=True))
        for above, below in zip(rows[::2], rows[1::2], strict=True)
    ]


def printed(text: str) -> str:
    """The code for a terminal that is printed to."""
    begin, end = _ESCAPES
    return "\n".join(f"{begin}{line}{end}" for line in half_blocks(text, QUIET[1]))


class Qr(Widget):
    """The code as wide as it is, with as much white around as there is room for; without room it says how much it takes."""

    DEFAULT_CSS = "Qr { width: auto; height: 1fr; background: $surface; color: $foreground; }"

    def __init__(self, text: str) -> None:
        super().__init__()
        self._tries = [half_blocks(text, quiet) for quiet in QUIET]

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return len(self._fitting(container.height)[0])

    def _fitting(self, height: int) -> Sequence[str]:
        return next((lines for lines in self._tries if len(lines) <= height), self._tries[-1])

    def render_line(self, y: int) -> Strip:
        lines, width, palette = self._fitting(self.size.height), self.size.width, Palette.of(self)
        if len(lines) > self.size.height or len(lines[0]) > width:
            more = len(lines) - self.size.height
            told = f"Make the window {more} lines taller to see a code to scan." if more > 0 else "Make it wider."
            parts = [told[place : place + width] for place in range(0, len(told), max(1, width))]
            line = plain(parts[y]) if y < len(parts) else ""
            return Strip([Segment(line.ljust(width), palette.base)], width)
        if y >= len(lines):
            return Strip.blank(width, palette.base)
        return Strip([Segment(lines[y], _INK)], len(lines[y]))
