"""The last line: what the keys do here, or the letters of an open menu. Dimmed is what may not be done."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from widgets.paint import Cell, Palette, fit, spans, width_of


@dataclass(frozen=True, slots=True)
class Key:
    """One entry: the key as shown, what it does, the action's id, and why not, if not."""

    label: str
    title: str
    id: str
    refusal: str = ""


class Footer(Widget):
    """Keys in one line, clickable; what does not fit is left out from the right."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "Footer { height: 1; background: $panel; color: $foreground; }"

    class Chosen(Message):
        """An entry was clicked."""

        def __init__(self, id: str) -> None:
            super().__init__()
            self.id = id

    def __init__(self) -> None:
        super().__init__()
        self._keys: tuple[Key, ...] = ()
        self._places: list[tuple[int, int, str]] = []

    def show(self, keys: Sequence[Key]) -> None:
        """Show these keys; drawn only when they differ."""
        if self._keys != tuple(keys):
            self._keys = tuple(keys)
            self.refresh()

    def render_line(self, y: int) -> Strip:
        palette, width = Palette.of(self), self.size.width
        line: list[Segment] = []
        self._places = []
        for key in self._keys:
            dim = "muted strike" if key.refusal else "muted"
            cell: Cell = [(f" {key.label}", "muted" if key.refusal else "accent bold"), (f" {key.title} ", dim)]
            piece = spans(cell, palette, self.app.console)
            start = width_of(line)
            if start + width_of(piece) > width:
                break
            line += piece
            self._places.append((start, width_of(line), key.id))
        return Strip(fit(line, width, "left", palette.base), width)

    def on_click(self, event: events.Click) -> None:
        """Run what was clicked."""
        if offset := event.get_content_offset(self):
            for start, end, id in self._places:
                if start <= offset.x < end:
                    self.post_message(self.Chosen(id))
