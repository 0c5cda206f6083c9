"""An outline: lines at depths, each with a label, what it says, and notes below it; a cursor on those that can be chosen."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from widgets.paint import cells
from widgets.plain import plain

Words = Sequence[tuple[str, str]]
"""Spans of (text, role words)."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line. Without a key the cursor passes over it; `notes` stand below, each a span with its role."""

    key: str
    label: str
    words: Words = ()
    depth: int = 0
    notes: Words = field(default=())
    width: int = 0
    """Cells that the label takes at least, so that what follows stands in a column."""

    def content(self, width: int) -> Content:
        """As it is drawn in so many cells: what is long goes on below where it began; every part cleaned."""
        label = ("  " * self.depth + plain(self.label)).ljust(self.width)
        indent = cells(label) + 2 if self.words else 0
        head = Content.styled(f"{label}  " if self.words else label, "$role-muted" if self.key else "$role-accent bold")
        rows = _wrapped(self.words, width - indent)
        drawn = [head + rows[0], *(Content(" " * indent) + row for row in rows[1:])]
        under = "  " * (self.depth + 1)
        for note in self.notes:
            drawn += [Content(under) + row for row in _wrapped((note,), width - len(under))]
        return Content("\n").join(drawn)


def _wrapped(words: Words, width: int) -> list[Content]:
    whole = Content.assemble(*((plain(text), _style(role)) for text, role in words))
    return whole.wrap(max(8, width)) if words else [Content("")]


def _style(words: str) -> str:
    attributes = ("bold", "dim", "italic", "underline", "strike", "reverse")
    return " ".join(word if word in attributes else f"$role-{word}" for word in words.split())


class Outline(OptionList):
    """Lines with a cursor that stays on its key when the lines change. Posts ``OptionSelected`` with the key."""

    DEFAULT_CSS = """
    Outline {
        height: 1fr; padding: 0 1; background: $background; border: none; scrollbar-gutter: stable;
        &:focus { border: none; background: $background; background-tint: $background 0%; }
        & > .option-list--option-highlighted { background: $role-cursor; color: $foreground; text-style: none; }
        &:focus > .option-list--option-highlighted { background: $role-cursor; color: $foreground; text-style: none; }
        & > .option-list--option-disabled { color: $foreground; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "cursor_down", "Down", show=False, id="outline.down"),
        Binding("k,up", "cursor_up", "Up", show=False, id="outline.up"),
        Binding("home", "first", "First", show=False, id="outline.first"),
        Binding("G,end", "last", "Last", show=False, id="outline.last"),
        Binding("pagedown,ctrl+d", "page_down", "Page down", show=False, id="outline.page-down"),
        Binding("pageup,ctrl+u", "page_up", "Page up", show=False, id="outline.page-up"),
        Binding("enter", "select", "Choose", show=False, id="outline.choose"),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._shown: tuple[Line, ...] = ()

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines; drawn only when they differ."""
        if self._shown == tuple(lines):
            return
        key, place = self.key, self.highlighted or 0
        self._shown = tuple(lines)
        self._draw()
        self.move_to(key, place)

    def on_resize(self) -> None:
        """Break the lines anew."""
        key, place = self.key, self.highlighted or 0
        self._draw()
        self.move_to(key, place)

    def _draw(self) -> None:
        width = self.scrollable_content_region.width or 80
        self.clear_options()
        self.add_options(
            [
                Option(line.content(width), id=line.key or f"#{number}", disabled=not line.key)
                for number, line in enumerate(self._shown)
            ]
        )

    @property
    def key(self) -> str:
        """The key under the cursor; empty when there is none."""
        place = self.highlighted
        return self._shown[place].key if place is not None and place < len(self._shown) else ""

    def move_to(self, key: str, otherwise: int = 0) -> None:
        """Put the cursor on a key; where it is gone, on the nearest line to a place."""
        keys = [line.key for line in self._shown]
        if key and key in keys:
            self.highlighted = keys.index(key)
            return
        free = [place for place, known in enumerate(keys) if known]
        self.highlighted = min(free, key=lambda place: abs(place - otherwise)) if free else None
