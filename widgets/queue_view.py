"""The drawing half of a queue table: header, visible lines, notices; repaints only lines that look different."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from rich.style import Style
from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.strip import Strip

from widgets.paint import Cell, Palette
from widgets.queue_columns import GAP, Column, Layout, field
from widgets.queue_lines import GUTTER, LineBook, LineState, LineStyles
from widgets.queue_model import ADDED, Key, QueueModel

HEADER = 1
"""Lines of the sticky header."""


class QueueView(ScrollView):
    """Draws a :class:`QueueModel` on the Line API. Holds no behaviour: see :class:`widgets.queue_table.QueueTable`."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "queue-table--header",
        "queue-table--cursor",
        "queue-table--cursor-blurred",
        "queue-table--marked",
    }
    DEFAULT_CSS = """
    QueueView {
        background: $background;
        color: $foreground;
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
        & > .queue-table--header { background: $panel; color: $foreground-muted; text-style: bold; }
        & > .queue-table--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: $block-cursor-text-style;
        }
        & > .queue-table--cursor-blurred {
            background: $block-cursor-blurred-background;
            color: $block-cursor-blurred-foreground;
            text-style: $block-cursor-blurred-text-style;
        }
        & > .queue-table--marked { background: $surface; }
    }
    """

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        key: str,
        version: str,
        empty: Cell | Callable[[], Cell],
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.columns = tuple(columns)
        self.empty = empty
        self.model = QueueModel(lambda row: field(row, key))
        self._version_of: Callable[[Any], Any] = lambda row: field(row, version)
        self._book: LineBook | None = None
        self._is_styled = False
        self._frame: dict[int, tuple[Strip, Key | None, Any]] = {}
        self._notice: tuple[str, Cell] = ("", "")

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show other columns."""
        self.columns = tuple(columns)
        self._book = None
        self.repaint()

    def show_loading(self, text: Cell = "Loading …") -> None:
        """Say that rows are on their way; rows already here stay."""
        self._set_notice("muted", text)

    def show_error(self, text: Cell) -> None:
        """Say that rows could not be had; rows already here stay and the header carries the error."""
        self._set_notice("danger", text)

    def show_ready(self) -> None:
        """End the loading or error state."""
        self._set_notice("", "")

    def _set_notice(self, role: str, text: Cell) -> None:
        self._notice = (role, text)
        self.repaint()

    def forget(self, keys: Iterable[Key] | None = None) -> None:
        """Ask the columns again for rows whose version is the same (a clock in a cell); all rows without keys."""
        if self._book is None:
            return
        if keys is None:
            self._book.forget()
        else:
            for key in keys:
                self._book.forget(key)

    def displayed_version(self, key: Key) -> Any:
        """The version of a row as it stands on the screen, None when it does not. Verbs carry this one."""
        return next((version for _, drawn, version in self._frame.values() if drawn == key), None)

    def column_at(self, x: int) -> str | None:
        """The key of the column at a cell of the widget."""
        left = GUTTER
        for column, width in self._ready_book().layout.columns:
            if left <= x < left + width:
                return column.key
            left += width + GAP
        return None

    @property
    def line_width(self) -> int:
        """Cells of a line, without the scrollbar."""
        return self.size.width - self.scrollbar_size_vertical

    @property
    def page(self) -> int:
        """How many rows fit below the header."""
        return max(1, self.size.height - HEADER)

    def repaint(self) -> None:
        """Take the next frame and refresh exactly the lines that look different in it."""
        if not self._is_mounted or not self.size:
            self._frame.clear()  # nothing is on the screen: the next frame begins anew
            return
        width = self._ready_book().width
        stale: list[Region] = []
        for y in range(self.size.height):
            line = self._line_at(y)
            drawn = self._frame.get(y)
            if drawn is None or drawn[0] != line[0]:
                stale.append(Region(0, y, width, 1))
            self._frame[y] = line
        if stale:
            self.refresh(*stale)

    def render_line(self, y: int) -> Strip:
        """One line of the frame."""
        self._ready_book()
        return self._line_of_frame(y)

    def _line_of_frame(self, y: int) -> Strip:
        line = self._frame.get(y)
        if line is None:
            line = self._frame[y] = self._line_at(y)
        return line[0]

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines without the detour through borders when there are none: strips that are kept keep what is rendered."""
        if any(self.gutter) or self.opacity < 1:
            return super().render_lines(crop)
        background, filters = self.background_colors[1], self.get_line_filters()
        left, right = crop.column_span
        strips = []
        self._ready_book()
        for y in crop.line_range:
            strip = self._line_of_frame(y)
            for line_filter in filters:
                strip = strip.apply_filter(line_filter, background)
            strips.append(strip if (left, right) == (0, strip.cell_length) else strip.crop_extend(left, right, None))
        return strips

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Another part of the rows is another frame."""
        self._frame.clear()
        super().watch_scroll_y(old_value, new_value)

    def notify_style_update(self) -> None:
        self._is_styled = False
        super().notify_style_update()

    def _line_at(self, y: int) -> tuple[Strip, Key | None, Any]:
        book, model = self._book, self.model
        assert book is not None
        if y == 0:
            return book.header(self._header_note()), None, None
        if not model.shown:
            return book.notice(self._notice_text(), y - max(1, self.page // 3)), None, None
        line = round(self.scroll_y) + y - HEADER
        if line >= len(model.shown):
            return book.notice("", 0), None, None
        key = model.shown[line]
        row = model.row(key)
        state = LineState(key == model.cursor, model.is_marked(key), row is None, self.has_focus)
        return book.line(key, row, state), key, None if row is None else self._version_of(row)

    def _header_note(self) -> Cell:
        role, text = self._notice
        if role and self.model.shown:
            return [(text, role)] if isinstance(text, str) else text
        waiting, marked = self.model.waiting, self.model.marks_count
        added = sum(reason == ADDED for reason in waiting.values())
        news = [(f"✓ {marked} marked", "mark bold")] if marked else []
        if added:
            news.append((f"▲ {added} new", "accent bold"))
        if added < len(waiting):
            news.append((f"{len(waiting) - added} changed", "muted"))
        if not news:
            return ""
        apart = [part for one in news for part in (one, (" · ", "muted"))]
        return [*apart[:-1], (" ", "")]

    def _notice_text(self) -> Cell:
        role, text = self._notice
        if not role:
            return self.empty() if callable(self.empty) else self.empty
        if isinstance(text, str):
            return [("✗ " if role == "danger" else "", role), (text, role)]
        return text

    def _ready_book(self) -> LineBook:
        width = max(1, self.line_width - GUTTER)
        book = self._book
        if book is None or book.layout.width != width or not self._is_styled:
            styles = self._line_styles()
            self._is_styled = True
            if book is None or book.layout.width != width or book.styles != styles:
                book = LineBook(self.app.console, styles, Layout.of(self.columns, width), self._version_of)
                self._book = book
                self._frame.clear()
        return book

    def _line_styles(self) -> LineStyles:
        def part(name: str) -> Style:
            style = self.get_component_rich_style(f"queue-table--{name}", partial=True)
            # The roles of the cells stay readable on the cursor; in a terminal's own colours nobody can promise that.
            return style if self.app.native_ansi_color else style.without_color + Style(bgcolor=style.bgcolor)

        return LineStyles(
            palette=Palette.of(self),
            header=self.get_component_rich_style("queue-table--header"),
            cursor=part("cursor"),
            blurred=part("cursor-blurred"),
            marked=part("marked"),
        )
