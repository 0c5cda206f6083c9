"""Numbers as tiles: title, value, change and a small curve each; a list of lines where there is no room for a grid."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from widgets.paint import Cell, Palette, Span, cut, fit, spans
from widgets.plain import plain
from widgets.sparkline import sparkline

TILE_WIDTH, TILE_HEIGHT = 34, 4
_CURVE = 14
"""Cells of the curve of a line."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One number. ``change`` is a span, so that it may have a colour beside its sign; ``role`` is that of the value."""

    key: str
    title: str
    value: str
    change: Span = ("", "")
    series: Sequence[float | None] = ()
    role: str = "bold"


class Tiles(Widget, can_focus=True):
    """Tiles with a cursor by key. Feed it with :meth:`show`, move it with :meth:`move`."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "Tiles { height: 1fr; width: 1fr; background: $background; color: $foreground; padding: 0 1; }"

    class TileMessage(Message):
        """A message about the tile with a key."""

        def __init__(self, tiles: "Tiles", key: str) -> None:
            super().__init__()
            self.tiles, self.key = tiles, key

        @property
        def control(self) -> "Tiles":
            """The tiles, for ``@on(..., "#id")``."""
            return self.tiles

    class Highlighted(TileMessage):
        """The cursor is on another tile."""

    class Opened(TileMessage):
        """A tile was opened with a click."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._tiles: tuple[Tile, ...] = ()
        self._at = 0
        self._top = 0
        self._is_list = False
        self._notice: Span = ("", "")

    @property
    def cursor_key(self) -> str | None:
        """The tile under the cursor."""
        return self._tiles[self._at].key if self._tiles else None

    def show(self, tiles: Sequence[Tile]) -> None:
        """Other numbers; the cursor stays with its key."""
        key, self._notice, before = self.cursor_key, ("", ""), len(self._tiles)
        self._tiles = tuple(tiles)
        self._at = next((place for place, tile in enumerate(self._tiles) if tile.key == key), 0)
        self.refresh(layout=len(tiles) != before)
        if self.cursor_key is not None and self.cursor_key != key:
            self.post_message(self.Highlighted(self, self.cursor_key))

    def show_notice(self, text: str, role: str) -> None:
        """Nothing but a line that says why there are no numbers."""
        self._tiles, self._notice = (), (text, role)
        self.refresh()

    def as_list(self, is_list: bool) -> None:
        """A line for each number instead of a grid."""
        self._is_list = is_list
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        columns = 1 if self._is_list else max(1, width // TILE_WIDTH)
        return max(2, -(-len(self._tiles) // columns) * self._height)

    def move(self, lines: int, columns: int = 0) -> None:
        """Move the cursor by lines and columns; it stops at the ends."""
        if self._tiles:
            self.move_to(self._at + lines * self._columns + columns)

    def move_to(self, place: int) -> None:
        """Move the cursor to a place, counted from 0; beyond the ends is the end."""
        place = max(0, min(len(self._tiles) - 1, place))
        if self._tiles and place != self._at:
            self._at = place
            self.refresh()
            self.post_message(self.Highlighted(self, self._tiles[place].key))

    @property
    def count(self) -> int:
        """How many tiles there are."""
        return len(self._tiles)

    @property
    def page(self) -> int:
        """Lines of tiles that fit."""
        return max(1, self.size.height // self._height)

    @property
    def _columns(self) -> int:
        return 1 if self._is_list else max(1, self.size.width // TILE_WIDTH)

    @property
    def _height(self) -> int:
        return 1 if self._is_list else TILE_HEIGHT

    def on_click(self, event: events.Click) -> None:
        """The tile under the mouse; a second click opens it."""
        offset = event.get_content_offset(self)
        if offset is None or not self._tiles:
            return
        width = self.size.width // self._columns
        row, column = self._top + offset.y // self._height, min(offset.x // width, self._columns - 1)
        place = row * self._columns + column
        if place < len(self._tiles):
            self.move_to(place)
            if event.chain == 2:
                self.post_message(self.Opened(self, self._tiles[place].key))

    def on_focus(self) -> None:
        """The cursor shows the focus."""
        self.refresh()

    def on_blur(self) -> None:
        """And its end."""
        self.refresh()

    def render_line(self, y: int) -> Strip:
        palette, width = Palette.of(self), self.size.width
        if not self._tiles:
            cell: Cell = [self._notice] if y == 1 else ""
            return Strip(fit(spans(cell, palette, self.app.console), width, "left", palette.base), width)
        at_row = self._at // self._columns
        self._top = max(at_row - self.page + 1, min(self._top, at_row))
        row, line = self._top + y // self._height, y % self._height
        each, parts = width // self._columns, list[Segment]()
        for place in range(row * self._columns, min((row + 1) * self._columns, len(self._tiles))):
            cell = self._line(place, each - 1) if self._is_list else self._tile_line(place, line, each - 2)
            parts += fit(spans(cell, palette, self.app.console), each, "left", palette.base)
        return Strip(fit(parts, width, "left", palette.base), width)

    def _mark(self, place: int) -> Span:
        is_here = place == self._at
        return ("▌" if is_here else " ", "accent" if self.has_focus else "muted")

    def _tile_line(self, place: int, line: int, width: int) -> Cell:
        tile = self._tiles[place]
        match line:
            case 0:
                is_here = place == self._at
                return [self._mark(place), (cut(plain(tile.title), width - 1), "bold accent" if is_here else "muted")]
            case 1:
                return [self._mark(place), (tile.value, tile.role), ("  ", ""), tile.change]
            case 2:
                return [self._mark(place), (sparkline(tile.series, width - 2), "accent")]
        return ""

    def _line(self, place: int, width: int) -> Cell:
        tile, room = self._tiles[place], width - 38 - _CURVE
        title = cut(plain(tile.title), room)
        return [
            self._mark(place),
            (f"{title:<{room}} ", "bold accent" if place == self._at else ""),
            (f"{tile.value:>17}  ", tile.role),
            (f"{tile.change[0]:<15} ", tile.change[1]),
            (sparkline(tile.series, _CURVE), "accent"),
        ]
