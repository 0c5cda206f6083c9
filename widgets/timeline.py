"""What was said and what happened, oldest above, read from the end."""

from collections.abc import Iterable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from widgets.paint import Cell, Palette, fit, spans, width_of
from widgets.timeline_book import LABELS, Entry, TimelineBook

_MARGIN = 3
"""Cells left of the text: a bar in the colour of who speaks, and air."""


class Timeline(ScrollView, can_focus=True):
    """Entries by ``seq``, wrapped to the width, drawn line by line.

    At the end it follows what is appended. Above the end nothing moves under the reader: entries that come before are
    put above the eye, and those that come after are counted in the last line (``▼ 3 new``).
    """

    DEFAULT_CSS = """
    Timeline {
        background: $background;
        color: $foreground;
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll(1)", "Down", show=False, id="timeline.down"),
        Binding("k,up", "scroll(-1)", "Up", show=False, id="timeline.up"),
        Binding("g,home", "first", "First", show=False, id="timeline.first"),
        Binding("G,end", "last", "Last", show=False, id="timeline.last"),
        Binding("ctrl+d", "page(0.5)", "Half page down", show=False, id="timeline.half-page-down"),
        Binding("ctrl+u", "page(-0.5)", "Half page up", show=False, id="timeline.half-page-up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="timeline.page-down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="timeline.page-up"),
    ]

    class ReachedStart(Message):
        """The reader is at the first line: time to load what came before."""

        def __init__(self, timeline: "Timeline") -> None:
            super().__init__()
            self.timeline = timeline

        @property
        def control(self) -> "Timeline":
            """The timeline, for ``@on(..., "#id")``."""
            return self.timeline

    def __init__(
        self, *, empty: Cell = "Nothing was said yet.", id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.empty = empty
        self._book = TimelineBook()
        self._palette: Palette | None = None
        self._notice: Cell = ""
        self._unseen = 0
        self._tall = 0
        """Lines that were in view before a resize."""

    @property
    def unseen(self) -> int:
        """Entries that came while the reader was above the end."""
        return self._unseen

    @property
    def is_at_end(self) -> bool:
        """Whether the last line is in view."""
        return round(self.scroll_y) + self.size.height >= self._book.height

    @property
    def line_width(self) -> int:
        """Cells of a line, without the scrollbar."""
        return self.size.width - self.scrollbar_size_vertical

    def show(self, entries: Iterable[Entry], new_since: int | None = None) -> None:
        """Show these entries instead of the ones before, from the end; the divider goes after ``new_since``."""
        self._notice = ""
        self._book.clear()
        self._book.upsert(entries)
        self._book.mark_new_since(new_since)
        self._unseen = 0
        self._resized()
        self.action_last()
        self.refresh()

    def upsert(self, entries: Iterable[Entry]) -> None:
        """Append, prepend or replace entries by their ``seq``."""
        self._notice = ""
        follows, top = self.is_at_end, round(self.scroll_y)
        eye = self._book.find(top) if len(self._book) else None
        seq = None if eye is None else self._book.entry(min(eye[0], len(self._book) - 1)).seq
        newest, height = self._book.last_seq, self._book.height
        entries = list(entries)
        self._book.upsert(entries)
        self._resized()
        if follows:
            self.action_last()
        else:
            self._unseen += sum(entry.seq > newest for entry in entries if newest is not None)
            if seq is not None and eye is not None:
                self.scroll_to(y=self._book.start_of(seq) + eye[1], animate=False, force=True)
        if height != self._book.height or self._touches_view(entries):
            self.refresh()

    def mark_new_since(self, seq: int | None) -> None:
        """Move the divider after another entry, or take it away."""
        self._book.mark_new_since(seq)
        self._resized()
        self.refresh()

    def show_loading(self, text: str = "Loading …") -> None:
        """Say that entries are on their way."""
        self._notice = [(text, "muted")]
        self.refresh()

    def show_error(self, text: str) -> None:
        """Say that entries could not be had; stands in the last line when some are here."""
        self._notice = [("✗ ", "danger"), (text, "danger")]
        self.refresh()

    def _touches_view(self, entries: list[Entry]) -> bool:
        last = round(self.scroll_y) + self.size.height
        return any(self._book.start_of(entry.seq) <= last for entry in entries)

    def _resized(self) -> None:
        size = Size(0, self._book.height)
        if size != self.virtual_size:
            self.set_reactive(Timeline.virtual_size, size)
            if self.is_attached:
                self._scroll_update(size)

    def on_resize(self) -> None:
        """Wrap to the new width and keep the reader where they were: at the end, too, when a composer grows below."""
        top = round(self.scroll_y)
        follows, self._tall = top + self._tall >= self._book.height, self.size.height
        eye = self._book.find(top) if len(self._book) else None
        seq = None if eye is None else self._book.entry(min(eye[0], len(self._book) - 1)).seq
        self._book.resize(max(1, self.line_width - _MARGIN - 1))
        self._resized()
        if follows or seq is None:
            self.action_last()
        else:
            self.scroll_to(y=self._book.start_of(seq), animate=False, force=True)
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """At the end nothing is unseen; at the start there may be more to load."""
        super().watch_scroll_y(old_value, new_value)
        if self._unseen and self.is_at_end:
            self._unseen = 0
            self.refresh(Region(0, self.size.height - 1, self.line_width, 1))
        if round(new_value) == 0 and round(old_value) > 0:
            self.post_message(self.ReachedStart(self))

    def action_scroll(self, by: int) -> None:
        """Scroll by lines."""
        self.scroll_to(y=self.scroll_y + by, animate=False, force=True)

    def action_page(self, by: float) -> None:
        """Scroll by pages."""
        self.scroll_to(y=self.scroll_y + by * self.size.height, animate=False, force=True)

    def action_first(self) -> None:
        """Go to the start."""
        self.scroll_to(y=0, animate=False, force=True)

    def action_last(self) -> None:
        """Go to the end."""
        self.scroll_to(y=max(0, self._book.height - self.size.height), animate=False, force=True)

    def go_to(self, seq: int) -> None:
        """Scroll until an entry, or the next one when it is not there, stands in the first line."""
        self.scroll_to(y=self._book.start_of(seq), animate=False, force=True)

    def notify_style_update(self) -> None:
        self._palette = None
        super().notify_style_update()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text, for copying with the mouse."""
        texts = [self._segments(line)[1] for line in range(self._book.height)]
        return selection.extract("\n".join(texts)), "\n"

    def render_line(self, y: int) -> Strip:
        palette = self._palette = self._palette or Palette.of(self)
        width = self.line_width
        if not len(self._book):
            notice = self._notice or self.empty
            shown = spans(notice, palette, self.app.console) if y == max(0, self.size.height // 3) else []
            return Strip(fit(shown, width, "center", palette.base), width)
        last_line: Cell = self._notice or ([(f" ▼ {self._unseen} new ", "accent bold")] if self._unseen else "")
        if last_line and y == self.size.height - 1:
            return Strip(fit(spans(last_line, palette, self.app.console), width, "center", palette.base), width)
        line = round(self.scroll_y) + y
        if line >= self._book.height:
            return Strip.blank(width, palette.base)
        segments, _ = self._segments(line)
        strip = Strip(fit(segments, width, "left", palette.base), width)
        return self._selected(strip, line).apply_offsets(0, line)

    def _selected(self, strip: Strip, line: int) -> Strip:
        selection = self.text_selection
        span = None if selection is None else selection.get_span(line)
        if span is None:
            return strip
        start, end = span
        end = strip.cell_length if end == -1 else end
        style: Style = self.screen.get_component_rich_style("screen--selection")
        before, inside, after = strip.divide([start, max(start, end), strip.cell_length])
        return Strip.join([before, Strip([Segment(t, (s or style) + style) for t, s, _ in inside]), after])

    def _segments(self, line: int) -> tuple[list[Segment], str]:
        """A line of the whole timeline as segments, and as text."""
        palette = self._palette or Palette.of(self)
        place, inner = self._book.find(line)
        entry = self._book.entry(place)
        if self._book.has_divider(place):
            if inner == 0:
                return self._line([("─── new " + "─" * max(0, self.line_width - 10), "accent")], palette)
            inner -= 1
        wrapped = self._book.lines(place)
        if entry.kind == "system":
            if inner == len(wrapped):
                return self._line("", palette)
            return self._line([("·  " if inner == 0 else "   ", "system"), (wrapped[inner], "system")], palette)
        if inner > len(wrapped):
            return self._line("", palette)
        bar = ("▎  ", entry.kind)
        if inner:
            ink = entry.kind if entry.kind == "note" else ""
            return self._line([bar, (wrapped[inner - 1], ink)], palette)
        return self._head(entry, bar, palette)

    def _head(self, entry: Entry, bar: tuple[str, str], palette: Palette) -> tuple[list[Segment], str]:
        label = LABELS.get(entry.kind, "")
        left: Cell = [bar, (entry.author, f"{entry.kind} bold"), (f" · {label}" if label else "", entry.kind)]
        right: Cell = [(f"{entry.state}  " if entry.state else "", entry.state_role), (f"{entry.at} ", "muted")]
        console = self.app.console
        end = spans(right, palette, console)
        room = max(0, self.line_width - width_of(end))
        segments = [*fit(spans(left, palette, console), room, "left", palette.base), *end]
        return segments, "".join(segment.text for segment in segments)

    def _line(self, cell: Cell, palette: Palette) -> tuple[list[Segment], str]:
        segments = spans(cell, palette, self.app.console)
        return segments, "".join(segment.text for segment in segments)
