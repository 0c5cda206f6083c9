"""The last line: what the keys do here, or the letters of an open menu. Dimmed is what may not be done."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
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
    """Keys in one line, clickable; what does not fit is left out from the right. A menu takes the lines it needs."""

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
        self._places: dict[int, list[tuple[int, int, str]]] = {}
        self._is_whole = False

    def show(self, keys: Sequence[Key], *, is_whole: bool = False) -> None:
        """Show these keys, all of them if `is_whole`; drawn only when they differ."""
        if self._keys != tuple(keys):
            self._keys, self._is_whole = tuple(keys), is_whole
            self._measure()
            self.refresh()

    def on_resize(self) -> None:
        """A menu may need more lines, or fewer."""
        self._measure()

    def _measure(self) -> None:
        self.styles.height = len(self._lines()) if self._is_whole and self.size.width else 1

    def _lines(self) -> list[list[Key]]:
        """The keys, line by line."""
        lines: list[list[Key]] = [[]]
        room = self.size.width
        for key in self._keys:
            need = cell_len(key.label) + cell_len(key.title) + 3
            if need > room and lines[-1]:
                lines.append([])
                room = self.size.width
            lines[-1].append(key)
            room -= need
        return lines

    def render_line(self, y: int) -> Strip:
        palette, width = Palette.of(self), self.size.width
        line: list[Segment] = []
        lines, places = self._lines(), []
        for key in lines[y] if y < len(lines) else ():
            dim = "muted strike" if key.refusal else "muted"
            cell: Cell = [(f" {key.label}", "muted" if key.refusal else "accent bold"), (f" {key.title} ", dim)]
            start = width_of(line)
            line += spans(cell, palette, self.app.console)
            places.append((start, width_of(line), key.id))
        self._places[y] = places
        return Strip(fit(line, width, "left", palette.base), width)

    def on_click(self, event: events.Click) -> None:
        """Run what was clicked."""
        if offset := event.get_content_offset(self):
            for start, end, id in self._places.get(offset.y, ()):
                if start <= offset.x < end:
                    self.post_message(self.Chosen(id))
