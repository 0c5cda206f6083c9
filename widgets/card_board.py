"""A board of cards in lanes, side by side or one below the other, that stands still under the hand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from widgets.cards import Card, Lane, held, paint
from widgets.paint import Cell, Palette, fit

HEADER = 2
"""Lines of a lane's title when lanes stand side by side."""

_TITLE, _EMPTY, _BLANK = -1, -2, -3
"""Rows that are no line of a card."""


@dataclass(slots=True)
class Track:
    """Lanes that scroll together: rows of (lane, card or a kind of row, line), and where they stand."""

    x: int
    width: int
    rows: list[tuple[int, int, int]]
    top: int = 0


class CardBoard(Widget, can_focus=True):
    """Cards by key with a cursor by key. Feed it with :meth:`show`: what a card says changes at once; cards come, go
    and move only when the hand has rested ``hold`` seconds. ``clock`` gives seconds and exists for tests.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = "CardBoard { height: 1fr; width: 1fr; background: $background; color: $foreground; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Down", show=False, id="board.down"),
        Binding("k,up", "move(-1)", "Up", show=False, id="board.up"),
        Binding("home", "edge(0)", "First", show=False, id="board.first"),
        Binding("G,end", "edge(-1)", "Last", show=False, id="board.last"),
        Binding("ctrl+d", "page(0.5)", "Half page down", show=False, id="board.half-page-down"),
        Binding("ctrl+u", "page(-0.5)", "Half page up", show=False, id="board.half-page-up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="board.page-down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="board.page-up"),
        Binding("enter", "open", "Open", id="board.open"),
    ]

    class BoardMessage(Message):
        """A message about the card with a key."""

        def __init__(self, board: "CardBoard", key: str | None) -> None:
            super().__init__()
            self.board, self.key = board, key

        @property
        def control(self) -> "CardBoard":
            """The board, for ``@on(..., "#id")``."""
            return self.board

    class Highlighted(BoardMessage):
        """The cursor is on another card, or on none."""

    class Opened(BoardMessage):
        """A card was opened with enter or a double click."""

    def __init__(self, *, hold: float = 1.5, clock: Callable[[], float] = monotonic, id: str | None = None) -> None:
        super().__init__(id=id)
        self.hold, self._clock = hold, clock
        self.is_stacked = False
        self.waiting = 0
        """Cards that wait to come, go or move."""
        self._wanted: tuple[Lane, ...] = ()
        self._lanes: tuple[Lane, ...] = ()
        self._tracks: list[Track] = []
        self._cursor: str | None = None
        self._told: str | None = None
        self._notice: Cell = ""
        self._touched_at = float("-inf")
        self._timer: Timer | None = None

    # -- what is shown

    @property
    def cursor_key(self) -> str | None:
        """The key of the card under the cursor."""
        return self._cursor

    @property
    def keys(self) -> list[str]:
        """Every card's key, lane by lane, as shown."""
        return [card.key for lane in self._lanes for card in lane.cards]

    def card(self, key: str | None) -> Card | None:
        """The card with a key as it is shown."""
        return next((card for lane in self._lanes for card in lane.cards if card.key == key), None)

    def show(self, lanes: Sequence[Lane], *, now: bool = False) -> None:
        """Show these lanes. With ``now`` cards may move under the hand: it asked for other lanes."""
        self._wanted, self._notice = tuple(lanes), ""
        if now:
            self._touched_at = float("-inf")
        self._settle()

    def show_notice(self, cell: Cell) -> None:
        """Say something in place of lanes: that they are on their way, or cannot be had."""
        self._notice, self._wanted, self._lanes = cell, (), ()
        self._arrange()

    def stack(self, is_stacked: bool) -> None:
        """Lanes one below the other, or side by side."""
        if is_stacked != self.is_stacked:
            self.is_stacked = is_stacked
            self._arrange()

    def touch(self) -> None:
        """A hand is at work."""
        self._touched_at = self._clock()

    def _settle(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        before, place = self._lanes, self._place()
        rests_in = self._touched_at + self.hold - self._clock()
        lanes, waiting = held(before, self._wanted)
        if waiting and before and rests_in > 0:
            if self.is_attached:
                self._timer = self.set_timer(rests_in, self._settle)
        else:
            lanes, waiting = self._wanted, 0
        if (lanes, waiting) == (before, self.waiting) and self._tracks:
            return
        self._lanes, self.waiting = lanes, waiting
        if self.card(self._cursor) is None:
            self._cursor = self._near(place)
        self._arrange()

    def _place(self) -> tuple[str, int]:
        """(lane, number) of the card under the cursor."""
        for lane in self._lanes:
            for number, card in enumerate(lane.cards):
                if card.key == self._cursor:
                    return lane.key, number
        return "", 0

    def _near(self, place: tuple[str, int]) -> str | None:
        """The card that stands where one stood; else the first of all."""
        cards = next((lane.cards for lane in self._lanes if lane.key == place[0] and lane.cards), ())
        if cards:
            return cards[min(place[1], len(cards) - 1)].key
        return next(iter(self.keys), None)

    # -- where things stand

    def on_resize(self) -> None:
        """Other widths."""
        self._arrange()

    def _arrange(self) -> None:
        """Rows and widths of every track; what was in view stays, and so does the cursor."""
        width, tops = self.size.width, [track.top for track in self._tracks]
        if self.is_stacked or len(self._lanes) < 2:
            rows = [row for number in range(len(self._lanes)) for row in self._rows(number, is_titled=True)]
            self._tracks = [Track(0, width, rows)]
        else:
            count = len(self._lanes)
            share = (width - count + 1) // count
            self._tracks = [
                Track(
                    number * (share + 1),
                    share if number < count - 1 else width - number * (share + 1),
                    self._rows(number, is_titled=False),
                )
                for number in range(count)
            ]
        for track, top in zip(self._tracks, tops, strict=False):
            track.top = top
        self._reveal()
        self.refresh()
        self._tell()

    def _rows(self, number: int, *, is_titled: bool) -> list[tuple[int, int, int]]:
        lane = self._lanes[number]
        rows = [(number, _TITLE, 0)] if is_titled else []
        for place, card in enumerate(lane.cards):
            rows += [(number, place, line) for line in range(len(card.lines))]
            rows.append((number, _BLANK, 0))
        if not lane.cards:
            rows += [(number, _EMPTY, 0), (number, _BLANK, 0)]
        return rows

    @property
    def _header(self) -> int:
        return HEADER if len(self._tracks) > 1 else 0

    @property
    def _page(self) -> int:
        return max(1, self.size.height - self._header)

    def _reveal(self) -> None:
        """Scroll no further than there are rows, and so that the cursor's card is in view, with its title if it can."""
        lane, number = self._place()
        for track in self._tracks:
            track.top = max(0, min(track.top, len(track.rows) - 1 - self._page))
            here = [
                place
                for place, (at, card, _) in enumerate(track.rows)
                if card == number and self._lanes[at].key == lane
            ]
            if not here:
                continue
            first, last = here[0], here[-1]
            if first > 0 and track.rows[first - 1][1] == _TITLE:
                first -= 1
            track.top = min(max(track.top, last - self._page + 1), first)

    def _tell(self) -> None:
        if self._told != self._cursor:
            self._told = self._cursor
            self.post_message(self.Highlighted(self, self._cursor))

    # -- the hand

    def move_to(self, key: str) -> bool:
        """Put the cursor on a card; False when it is not there."""
        if self.card(key) is None:
            return False
        self._cursor = key
        self._reveal()
        self.refresh()
        self._tell()
        return True

    def action_move(self, by: int) -> None:
        """Move within the lane; where lanes are stacked, through all of them."""
        self.touch()
        keys = self.keys if len(self._tracks) < 2 else self._of_lane(self._place()[0])
        if self._cursor in keys:
            self.move_to(keys[max(0, min(len(keys) - 1, keys.index(self._cursor) + by))])

    def action_edge(self, place: int) -> None:
        """The first or the last card of the lane."""
        self.action_move(-len(self.keys) if place == 0 else len(self.keys))

    def action_page(self, by: float) -> None:
        """As many cards as fit into that many pages."""
        tall = max((len(card.lines) + 1 for lane in self._lanes for card in lane.cards), default=1)
        self.action_move(int(by * self._page / tall) or (1 if by > 0 else -1))

    def action_lane(self, by: int) -> None:
        """The neighbouring lane that has cards, at the same height."""
        self.touch()
        lane, number = self._place()
        filled = [one.key for one in self._lanes if one.cards]
        if lane in filled:
            cards = self._of_lane(filled[(filled.index(lane) + by) % len(filled)])
            self.move_to(cards[min(number, len(cards) - 1)])

    def _of_lane(self, key: str) -> list[str]:
        return [card.key for lane in self._lanes if lane.key == key for card in lane.cards]

    def action_open(self) -> None:
        """Open the card under the cursor, unless it is gone."""
        self.touch()
        card = self.card(self._cursor)
        if card is not None and not card.is_gone:
            self.post_message(self.Opened(self, card.key))

    def on_click(self, event: events.Click) -> None:
        """Once: the cursor. Twice: open."""
        self.touch()
        if (offset := event.get_content_offset(self)) is None:
            return
        for track in self._tracks:
            place = track.top + offset.y - self._header
            if track.x <= offset.x < track.x + track.width and 0 <= place < len(track.rows):
                lane, card, _ = track.rows[place]
                if card >= 0 and self.move_to(self._lanes[lane].cards[card].key) and event.chain == 2:
                    self.action_open()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The lane under the mouse."""
        self._scroll(event.x, 3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The lane under the mouse."""
        self._scroll(event.x, -3)

    def _scroll(self, x: int, by: int) -> None:
        self.touch()
        for track in self._tracks:
            if track.x <= x < track.x + track.width:
                track.top = max(0, min(track.top + by, len(track.rows) - 1 - self._page))
        self.refresh()

    def watch_has_focus(self, has_focus: bool) -> None:
        """The cursor looks different with the keyboard on it."""
        super().watch_has_focus(has_focus)
        self.refresh()

    # -- drawing

    def render_line(self, y: int) -> Strip:
        palette, width = Palette.of(self), self.size.width
        if self._notice:
            return Strip(paint((self._notice if y == 1 else "", ""), width, palette, self.app.console), width)
        line: list[Segment] = []
        for number, track in enumerate(self._tracks):
            if number:
                line.append(Segment("│", palette.style("line")))
            line += self._piece(track, number, y, palette)
        return Strip(fit(line, width, "left", palette.base), width)

    def _piece(self, track: Track, number: int, y: int, palette: Palette) -> list[Segment]:
        console, width = self.app.console, track.width
        if y < self._header:
            if y == 0:
                return paint(self._title(self._lanes[number], track), width, palette, console)
            return [Segment("─" * width, palette.style("line"))]
        place = track.top + y - self._header
        if place >= len(track.rows):
            return [Segment(" " * width, palette.base)]
        at, card_number, line = track.rows[place]
        lane = self._lanes[at]
        if card_number == _TITLE:
            return paint(self._title(lane, None), width, palette, console)
        if card_number < 0:
            return paint(([(lane.empty, "muted")] if card_number == _EMPTY else "", ""), width, palette, console)
        card = lane.cards[card_number]
        is_current = card.key == self._cursor
        if is_current:
            palette = Palette.like(palette, palette.base + palette.background("cursor" if self.has_focus else "line"))
        bar = "▌" if is_current else ""
        return paint(card.lines[line], width, palette, console, bar=bar, is_gone=card.is_gone)

    def _title(self, lane: Lane, track: Track | None) -> tuple[Cell, Cell]:
        more = ""
        if track is not None:
            below = len(track.rows) - 1 - track.top - self._page
            more = ("↑" if track.top else "") + ("↓" if below > 0 else "")
        title: Cell = [(lane.title, f"{lane.role or 'text'} bold"), (f"  {len(lane.cards)}", "muted")]
        waits = f"▲ {self.waiting} new " if self.waiting and lane is self._lanes[0] else ""
        return title, [(waits, "accent"), (lane.note, "muted"), (f" {more}" if more else "", "accent")]
