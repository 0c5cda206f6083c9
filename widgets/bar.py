"""One line at the edge of a screen: who, where, and how the feed is."""

from typing import ClassVar

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from widgets.paint import Cell, Palette, fit, spans, width_of


class Bar(Widget):
    """A line of three cells. When it is narrow the left is cut to ``LEFT`` cells, then the middle goes, then the left is cut
    further; the right always stays."""

    LEFT: ClassVar[int] = 24

    ALLOW_SELECT = False
    DEFAULT_CSS = "Bar { height: 1; width: 1fr; background: $panel; color: $foreground; }"

    def __init__(
        self,
        left: Cell = "",
        middle: Cell = "",
        right: Cell = "",
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._cells: dict[str, Cell] = {"left": left, "middle": middle, "right": right}

    def show(self, left: Cell | None = None, middle: Cell | None = None, right: Cell | None = None) -> None:
        """Change the parts that are given; drawn only when one is different."""
        given = {"left": left, "middle": middle, "right": right}
        cells = self._cells | {part: cell for part, cell in given.items() if cell is not None}
        if cells != self._cells:
            self._cells = cells
            self.refresh()

    def render_line(self, y: int) -> Strip:
        palette, width = Palette.of(self), self.size.width
        left, middle, right = (spans(cell, palette, self.app.console) for cell in self._cells.values())
        blank = palette.base
        right = fit(right, min(width_of(right), width), "left", blank)
        room = width - width_of(right)
        kept = width_of(middle) + 1 if middle else 0
        taken = min(width_of(left) + 1, max(room - kept, self.LEFT), room)
        between = room - taken
        if width_of(middle) > between:
            middle = []
        # Centred on the screen where that is free, else in what is free.
        start = max(
            0,
            min(1, between - width_of(middle)),
            min(width // 2 - width_of(middle) // 2 - taken, between - width_of(middle)),
        )
        centre = fit([Segment(" " * start, blank), *middle], between, "left", blank)
        return Strip([*fit(left, taken, "left", blank), *centre, *right], width)
