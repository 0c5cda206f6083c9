"""A strip of tabs with live counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from widgets.paint import Cell, Palette, cut, fit, spans, width_of
from widgets.plain import plain

_SHORT = 6
"""Cells left of a title without a short one when the strip is narrow."""


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab. ``count`` None shows none; ``role`` colours a count that needs an eye; ``refusal`` dims the tab and is
    the reason told when it is chosen; ``short`` is its title where the strip is narrow."""

    key: str
    title: str
    count: int | None = None
    role: str = ""
    refusal: str = ""
    short: str = ""


class TabStrip(Widget):
    """Tabs in one line. 1 to 9 and the mouse choose; ``[`` and ``]`` go to the neighbours.

    The strip does not need the focus: an app can forward its own keys to :meth:`choose` and :meth:`step`.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = "TabStrip { height: 1; width: 1fr; background: $surface; color: $foreground; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(n), f"choose({n})", f"Tab {n}", show=False, id=f"tabs.{n}") for n in range(1, 10)),
        Binding("left_square_bracket", "step(-1)", "Previous tab", show=False, id="tabs.previous"),
        Binding("right_square_bracket", "step(1)", "Next tab", show=False, id="tabs.next"),
    ]

    class TabMessage(Message):
        """A message about one tab."""

        def __init__(self, strip: "TabStrip", key: str) -> None:
            super().__init__()
            self.strip = strip
            self.key = key

        @property
        def control(self) -> "TabStrip":
            """The strip, for ``@on(..., "#id")``."""
            return self.strip

    class TabSelected(TabMessage):
        """Another tab is active."""

    class TabRefused(TabMessage):
        """A dimmed tab was chosen; its ``refusal`` says why not."""

        def __init__(self, strip: "TabStrip", key: str, refusal: str) -> None:
            super().__init__(strip, key)
            self.refusal = refusal

    can_focus = True

    def __init__(self, tabs: Sequence[Tab] = (), *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._tabs = tuple(tabs)
        self._active = self._tabs[0].key if self._tabs else ""
        self._places: list[tuple[int, int, str]] = []

    @property
    def active(self) -> str:
        """The key of the active tab, empty without tabs."""
        return self._active

    def show(self, tabs: Sequence[Tab]) -> None:
        """Show these tabs; the active key stays when it is among them."""
        if self._tabs == tuple(tabs):
            return
        self._tabs = tuple(tabs)
        if self._active not in {tab.key for tab in tabs}:
            self._active = tabs[0].key if tabs else ""
        self.refresh()

    def choose(self, key: str) -> None:
        """Make a tab active, or tell why it cannot be."""
        tab = next((tab for tab in self._tabs if tab.key == key), None)
        if tab is None or key == self._active:
            return
        if tab.refusal:
            self.post_message(self.TabRefused(self, key, tab.refusal))
            return
        self._active = key
        self.refresh()
        self.post_message(self.TabSelected(self, key))

    def step(self, by: int) -> None:
        """Go to a neighbour, round at the ends, past dimmed tabs."""
        keys = [tab.key for tab in self._tabs if not tab.refusal or tab.key == self._active]
        if keys:
            self.choose(keys[(keys.index(self._active) + by) % len(keys)])

    def action_choose(self, number: int) -> None:
        """Choose the tab with a number, counted from one."""
        if number <= len(self._tabs):
            self.choose(self._tabs[number - 1].key)

    def action_step(self, by: int) -> None:
        """Go to a neighbour."""
        self.step(by)

    def on_click(self, event: events.Click) -> None:
        """Choose the tab under the mouse."""
        offset = event.get_content_offset(self)
        if offset is not None:
            key = next((key for start, end, key in self._places if start <= offset.x < end), None)
            if key is not None:
                self.choose(key)

    def on_focus(self) -> None:
        """The active tab shows the focus."""
        self.refresh()

    def on_blur(self) -> None:
        """And its end."""
        self.refresh()

    def render_line(self, y: int) -> Strip:
        palette, width = Palette.of(self), self.size.width
        pieces = [self._piece(number, tab, palette, tab.title) for number, tab in enumerate(self._tabs, 1)]
        if sum(map(width_of, pieces)) > width:
            pieces = [
                self._piece(number, tab, palette, tab.title if tab.key == self._active else _brief(tab))
                for number, tab in enumerate(self._tabs, 1)
            ]
        first = self._first_in_view([width_of(piece) for piece in pieces], width)
        line: list[Segment] = [Segment("‹", palette.style("muted"))] if first else []
        self._places = []
        for tab, piece in list(zip(self._tabs, pieces, strict=True))[first:]:
            start = width_of(line)
            line += piece
            self._places.append((start, width_of(line), tab.key))
        return Strip(fit(line, width, "left", palette.base), width)

    def _first_in_view(self, widths: list[int], width: int) -> int:
        """The leftmost tab to draw so that the active one is whole."""
        place = next((place for place, tab in enumerate(self._tabs) if tab.key == self._active), 0)
        first = 0
        while first < place and sum(widths[first : place + 1]) + (1 if first else 0) > width - 1:
            first += 1
        return first

    def _piece(self, number: int, tab: Tab, palette: Palette, title: str) -> list[Segment]:
        is_active = tab.key == self._active
        name = "muted" if tab.refusal else ("bold accent" if is_active else "")
        cell: Cell = [
            ("▎" if is_active else " ", "accent"),
            (f"{number} " if number <= 9 else "", "muted"),
            (plain(title), f"{name} underline" if is_active and self.has_focus else name),
            ("" if tab.count is None else f" {tab.count}", tab.role or "muted"),
            (" ", ""),
        ]
        return spans(cell, palette, self.app.console)


def _brief(tab: Tab) -> str:
    return tab.short or cut(plain(tab.title), _SHORT)
