"""A table of keyed rows that a person works in all day: nothing moves under the hand, little is drawn twice."""

from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import Any, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.timer import Timer

from widgets import queue_messages
from widgets.paint import Cell
from widgets.queue_columns import Column
from widgets.queue_lines import GUTTER
from widgets.queue_model import Key, Row
from widgets.queue_view import HEADER, QueueView

SOON = 0.001
"""Seconds: the next turn of the loop."""


class QueueTable(QueueView, can_focus=True):
    """Rows by key, with a cursor, marks and a range by key, and an order that is frozen under the hand.

    Rows are mappings or objects; ``key`` and ``version`` name the fields that identify a row and tell whether it
    changed. Feed it with :meth:`set_rows`, :meth:`upsert` and :meth:`remove_rows`: changes are gathered and painted at
    most ``flush_hz`` times a second, cells in place, moves only when the hand has rested ``hold`` seconds and nothing
    is marked. ``clock`` gives seconds and exists for tests.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Down", show=False, id="table.down"),
        Binding("k,up", "move(-1)", "Up", show=False, id="table.up"),
        Binding("g,home", "first", "First", show=False, id="table.first"),
        Binding("G,end", "last", "Last", show=False, id="table.last"),
        Binding("ctrl+d", "half_page(1)", "Half page down", show=False, id="table.half-page-down"),
        Binding("ctrl+u", "half_page(-1)", "Half page up", show=False, id="table.half-page-up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="table.page-down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="table.page-up"),
        Binding("space", "toggle_mark", "Mark", id="table.mark"),
        Binding("v", "range", "Range", id="table.range"),
        Binding("asterisk", "mark_all", "Mark all", show=False, id="table.mark-all"),
        Binding("enter", "open", "Open", id="table.open"),
    ]

    Highlighted = queue_messages.Highlighted
    Opened = queue_messages.Opened
    MarksChanged = queue_messages.MarksChanged
    PendingChanged = queue_messages.PendingChanged
    HeaderClicked = queue_messages.HeaderClicked
    AllChosen = queue_messages.AllChosen

    offers_all = False
    """Whether marking all once more chooses all that match, shown or not, before it chooses none."""
    is_all = False
    """Whether all that match are chosen."""

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        key: str = "key",
        version: str = "version",
        empty: Cell | Callable[[], Cell] = "Nothing here.",
        flush_hz: float = 4.0,
        hold: float = 1.5,
        clock: Callable[[], float] = monotonic,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(columns, key=key, version=version, empty=empty, name=name, id=id, classes=classes)
        self.flush_hz = flush_hz
        self.hold = hold
        self._clock = clock
        self._touched_at = self._flushed_at = float("-inf")
        self._timer: Timer | None = None
        self._told: tuple[Key | None, int, int] = (None, 0, 0)

    def set_rows(self, rows: Iterable[Row]) -> None:
        """Show these rows instead of the ones before, at once; ends the loading and error states."""
        self._notice = ("", "")
        self._settle(lambda: self.model.load(rows))

    def upsert(self, rows: Iterable[Row]) -> None:
        """Take in new or changed rows; painted with the next flush."""
        self.model.upsert(rows)
        self._schedule()

    def remove_rows(self, keys: Iterable[Key]) -> None:
        """Take rows out. Under a hand they stay, struck through, until it rests; their marks go at once."""
        self.model.remove(keys)
        self._schedule()

    def set_order(self, keys: Iterable[Key], now: bool = True) -> None:
        """Order rows as these keys, rows not named after them; ``now=False`` waits for the hand (orders of a feed)."""
        self.model.order_as(keys)
        self._reorder(now)

    def set_sort(self, sort: Callable[[Row], Any] | None, descending: bool = False, now: bool = True) -> None:
        """Keep rows sorted by a key function; None is the order in which they came."""
        self.model.order_by(sort, descending)
        self._reorder(now)

    def set_filter(self, allows: Callable[[Row], bool] | None, now: bool = True) -> None:
        """Show only the rows that pass, None shows all; marks on hidden rows go."""
        self.model.only(allows)
        self.is_all = self.is_all and not now
        self._reorder(now)

    def redraw(self, keys: Iterable[Key] | None = None) -> None:
        """Ask the columns again, with the next flush, although versions are the same; all rows without keys."""
        self.forget(keys)
        self._schedule()

    @property
    def cursor_key(self) -> Key | None:
        """The key under the cursor; its row may be gone."""
        return self.model.cursor

    @property
    def marked_keys(self) -> list[Key]:
        """Marked keys in shown order."""
        return self.model.marks

    @property
    def pending_count(self) -> int:
        """How many rows wait to come, go or move."""
        return len(self.model.waiting)

    @property
    def is_held(self) -> bool:
        """Whether rows must not move now: a hand was here less than ``hold`` seconds ago, or rows are marked."""
        return self._is_held_for(self._rests_in())

    def row(self, key: Key | None) -> Row | None:
        """The newest row of a key, None when it is gone."""
        return self.model.row(key)

    def touch(self) -> None:
        """Note that a hand is at work; called for keys and mouse here, and by the app for keys it handles itself."""
        self._touched_at = self._clock()

    def flush(self) -> None:
        """Paint what changed since the last flush; move rows only when the hand rests."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._flushed_at = self._clock()
        rests_in = self._rests_in()  # asked once: a hand that came to rest in between would have nobody look again
        if not self.model.is_settled and not self._is_held_for(rests_in):
            self._settle(self.model.settle)
            return
        self._tell()
        self.repaint()
        if not self.model.is_settled and rests_in > 0:
            self._wake_in(min(rests_in, 1 / self.flush_hz))

    def _is_held_for(self, seconds: float) -> bool:
        return self.model.has_marks or self.model.anchor is not None or seconds > 0

    def _rests_in(self) -> float:
        return self._touched_at + self.hold - self._clock()

    def _schedule(self) -> None:
        self._wake_in(self._flushed_at + 1 / self.flush_hz - self._clock())

    def _wake_in(self, seconds: float) -> None:
        if self._timer is None and self.is_attached:
            self._timer = self.set_timer(max(seconds, SOON), self.flush)

    def on_mount(self) -> None:
        """Rows may have been given before there was a loop to flush them."""
        self._schedule()

    def _reorder(self, now: bool) -> None:
        if now:
            self._settle(self.model.settle)
        else:
            self._schedule()

    def _settle(self, change: Callable[[], None]) -> None:
        """Let rows move, and keep the eye where it was: on the cursor when it is in view, else on the first line."""
        model, top, cursor = self.model, round(self.scroll_y), self.model.cursor
        line = model.position(cursor)
        is_seen = line is not None and top <= line < top + self.page
        eye = cursor if is_seen else (model.shown[top] if top < len(model) else None)
        above = line - top if is_seen and line is not None else 0
        change()
        self._set_height(len(model) + HEADER)
        if top > 0 and (now_at := model.position(eye)) is not None:
            self.scroll_to(y=now_at - above, animate=False, force=True)
        if is_seen:
            self._scroll_to_cursor()
        self._tell(by_removal=cursor is not None and model.position(cursor) is None)
        self.repaint()

    def _set_height(self, lines: int) -> None:
        """Tell the scrollbar; the layout of the screen does not depend on it, so none is asked for."""
        if lines != self.virtual_size.height:
            size = Size(0, lines)
            self.set_reactive(QueueTable.virtual_size, size)
            if self.is_attached:
                self._scroll_update(size)

    def _tell(self, by_removal: bool = False) -> None:
        """Post a message for each thing that is not as last told."""
        model = self.model
        cursor, marks, pending = self._told
        self._told = (model.cursor, model.marks_changes, self.pending_count)
        if cursor != model.cursor:
            self.post_message(self.Highlighted(self, model.cursor, by_removal))
        if marks != model.marks_changes:
            self.post_message(self.MarksChanged(self, model.marks))
            if not model.has_marks:
                self._schedule()
        if pending != self.pending_count:
            self.post_message(self.PendingChanged(self, self.pending_count))

    def move_to(self, key: Key) -> bool:
        """Put the cursor on a key; False when it is not shown."""
        line = self.model.position(key)
        if line is not None:
            self._move_to_line(line)
        return line is not None

    def _move_to_line(self, line: int) -> None:
        self.model.move(line)
        self.model.span_range()
        self._scroll_to_cursor()
        self._tell()
        self.repaint()

    def _scroll_to_cursor(self) -> None:
        line, top = self.model.position(self.model.cursor), round(self.scroll_y)
        if line is not None and not top <= line < top + self.page:
            self.scroll_to(y=line if line < top else line - self.page + 1, animate=False, force=True)

    def _line(self) -> int:
        return self.model.position(self.model.cursor) or 0

    def action_move(self, by: int) -> None:
        """Move the cursor by lines."""
        self._move_to_line(self._line() + by)

    def action_first(self) -> None:
        """Go to the first row."""
        self._move_to_line(0)

    def action_last(self) -> None:
        """Go to the last row."""
        self._move_to_line(len(self.model) - 1)

    def action_half_page(self, by: int) -> None:
        """Move by half pages."""
        self._move_to_line(self._line() + by * max(1, self.page // 2))

    def action_page(self, by: int) -> None:
        """Move by pages; the cursor keeps its place in the view."""
        self.scroll_to(y=self.scroll_y + by * self.page, animate=False, force=True)
        self._move_to_line(self._line() + by * self.page)

    def action_toggle_mark(self) -> None:
        """Mark the row under the cursor and go on to the next."""
        if self.model.cursor is not None:
            self.is_all = False
            self.model.toggle_mark(self.model.cursor)
            self._move_to_line(self._line() + 1)

    def action_range(self) -> None:
        """Start a range at the cursor, or close the open one; what it spans stays marked."""
        if self.model.anchor is None:
            self.model.open_range()
        else:
            self.model.anchor = None
        self._move_to_line(self._line())

    def action_mark_all(self) -> None:
        """Mark every shown row; when all are marked, all that match where that is offered, else none."""
        before = self.model.marks_changes
        self.model.mark(self.model.shown)
        if self.model.marks_changes == before:
            self.is_all = self.offers_all and not self.is_all
            if self.is_all:
                self.post_message(self.AllChosen(self))
            else:
                self.model.clear_marks()
        self._move_to_line(self._line())

    def clear_marks(self) -> None:
        """Drop marks and range; rows that waited may move when the hand rests."""
        self.is_all = False
        self.model.clear_marks()
        self._tell()
        self.repaint()
        self._schedule()

    def action_open(self) -> None:
        """Open the row under the cursor, unless it is gone."""
        key = self.model.cursor
        if key is not None and self.row(key) is not None:
            self.post_message(self.Opened(self, key, self.displayed_version(key)))

    def action_apply_pending(self) -> None:
        """Let what waits come, go and move now."""
        self._settle(self.model.settle)

    def on_key(self) -> None:
        """A key is a hand."""
        self.touch()

    def on_mouse_down(self) -> None:
        """So is a button."""
        self.touch()

    def on_mouse_scroll_down(self) -> None:
        """So is the wheel."""
        self.touch()

    def on_mouse_scroll_up(self) -> None:
        """In both directions."""
        self.touch()

    def watch_has_focus(self, has_focus: bool) -> None:
        """The cursor looks different with the keyboard on it."""
        super().watch_has_focus(has_focus)
        self.repaint()

    def on_click(self, event: events.Click) -> None:
        """Header: tell the column. Gutter or ctrl: mark. Twice: open. Otherwise move the cursor."""
        if (offset := event.get_content_offset(self)) is None:
            return
        self.touch()
        if offset.y < HEADER:
            if (column := self.column_at(offset.x)) is not None:
                self.post_message(self.HeaderClicked(self, column))
            return
        line = round(self.scroll_y) + offset.y - HEADER
        if line >= len(self.model):
            return
        if offset.x < GUTTER or event.ctrl:
            self.model.toggle_mark(self.model.shown[line])
        self._move_to_line(line)
        if event.chain == 2 and offset.x >= GUTTER:
            self.action_open()
