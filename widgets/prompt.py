"""Questions that stop the work: yes or no about one target, or one choice out of many."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from widgets.entry import Entry
from widgets.paint import Cell, Palette, fit, spans, width_of
from widgets.panel import Panel
from widgets.plain import plain

_MOST_LINES = 14
_AROUND = 6
"""Lines of a choice's box that are no options: borders, padding, the filter and what is under it."""
_BOX = """
    align: center middle;
    background: $background 60%;
    & > Vertical {
        width: 64;
        max-width: 94%;
        height: auto;
        max-height: 80%;
        padding: 1 2;
        background: $surface;
        border: round $border;
        border-title-color: $foreground;
        border-title-style: bold;
    }
    & Panel { border: none; padding: 0; background: $surface; }
"""


class Answers(Widget):
    """Yes and No on one line; shows which of them enter would give."""

    DEFAULT_CSS = "Answers { height: 1; margin-top: 1; background: $surface; color: $foreground; }"

    def __init__(self, yes: str, no: str, role: str) -> None:
        super().__init__()
        self._yes, self._no, self._role = yes, no, role
        self.is_yes = False

    def render_line(self, y: int) -> Strip:
        palette = Palette.of(self)
        yes = f"{self._role} bold reverse" if self.is_yes else self._role
        no = "" if self.is_yes else "bold reverse"
        cell: Cell = [(f" y  {self._yes} ", yes), ("   ", ""), (f" n  {self._no} ", no)]
        return Strip(fit(spans(cell, palette, self.app.console), self.size.width, "right", palette.base))


class Confirm(ModalScreen[bool]):
    """Ask before something that cannot be taken back. Names the target in pairs (name, id, amount); answers True only
    for a yes: ``y``, or enter after moving to it. Enter at once, ``n`` and escape are No."""

    DEFAULT_CSS = f"Confirm {{ {_BOX} }}"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes", id="prompt.yes"),
        Binding("n,escape", "answer(False)", "No", id="prompt.no"),
        Binding("left,right,h,l,tab,shift+tab", "turn", "Other", show=False, id="prompt.turn"),
        Binding("enter", "take", "Take", show=False, id="prompt.take"),
    ]

    def __init__(
        self,
        title: str,
        target: Sequence[tuple[str, Cell]],
        *,
        lines: Sequence[Cell] = (),
        yes: str = "Yes",
        no: str = "No",
        role: str = "danger",
    ) -> None:
        super().__init__()
        self._title = title
        self._target, self._lines = tuple(target), tuple(lines)
        self._answers = Answers(plain(yes), plain(no), role)

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = Content(plain(self._title))
            yield Panel()
            yield self._answers

    def on_mount(self) -> None:
        """Show the target."""
        self.query_one(Panel).show(self._target, self._lines)

    def action_turn(self) -> None:
        """Move to the other answer."""
        self._answers.is_yes = not self._answers.is_yes
        self._answers.refresh()

    def action_take(self) -> None:
        """Give the answer that is shown as taken."""
        self.dismiss(self._answers.is_yes)

    def action_answer(self, is_yes: bool) -> None:
        """Give an answer."""
        self.dismiss(is_yes)


@dataclass(frozen=True, slots=True)
class Option:
    """Something to choose. With a ``refusal`` it is dimmed, tells why, and cannot be chosen."""

    key: str
    label: str
    detail: str = ""
    refusal: str = ""

    def matches(self, words: Sequence[str]) -> bool:
        """Whether every word is somewhere in label or detail, in any case."""
        text = f"{self.label} {self.detail}".casefold()
        return all(word in text for word in words)


class OptionLines(Widget):
    """The options that pass the filter, one line each, with a cursor."""

    DEFAULT_CSS = "OptionLines { height: auto; max-height: 14; background: $surface; color: $foreground; }"

    def __init__(self, options: Sequence[Option], *, takes_others: bool = False) -> None:
        super().__init__()
        self._takes_others = takes_others
        self._all = tuple(options)
        self._shown = self._all
        self._line = 0

    @property
    def current(self) -> Option | None:
        """The option under the cursor."""
        return self._shown[self._line] if self._shown else None

    def offer(self, options: Sequence[Option]) -> None:
        """Show other options."""
        self._all = self._shown = tuple(options)
        self._line = 0
        self.refresh(layout=True)

    def narrow(self, text: str) -> None:
        """Show only what matches the words of a text, or the text itself where others are taken too."""
        words = text.casefold().split()
        self._shown = tuple(option for option in self._all if option.matches(words))
        if not self._shown and self._takes_others:
            self._shown = (Option(text.strip(), plain(text.strip()), "as typed"),)
        self._line = 0
        self.refresh()

    def step(self, by: int) -> None:
        """Move the cursor, round at the ends."""
        if self._shown:
            self._line = (self._line + by) % len(self._shown)
            self.refresh()

    def at(self, y: int) -> Option | None:
        """Put the cursor on the option of a line of the widget, if there is one."""
        line = self._top() + y
        if not 0 <= line < len(self._shown):
            return None
        self._line = line
        self.refresh()
        return self._shown[line]

    def _top(self) -> int:
        return max(0, self._line - self.size.height + 1)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        return max(1, len(self._all))

    def render_line(self, y: int) -> Strip:
        palette, width, line = Palette.of(self), self.size.width, self._top() + y
        if not self._shown and y == 0:
            return Strip(fit(spans([("  no match", "muted")], palette, self.app.console), width, "left", palette.base))
        if line >= len(self._shown):
            return Strip.blank(width, palette.base)
        option, has_cursor = self._shown[line], line == self._line
        if has_cursor:
            palette = Palette.like(palette, palette.base + palette.background("cursor"))
        name = "muted" if option.refusal else ("bold" if has_cursor else "")
        side = f"⊘ {option.refusal}" if option.refusal else option.detail
        left = spans([("▌ " if has_cursor else "  ", "cursor-bar"), (option.label, name)], palette, self.app.console)
        right = spans([(f"  {side} ", "muted")], palette, self.app.console)
        room = max(0, width - width_of(left))
        return Strip([*fit(left, width - room, "left", palette.base), *fit(right, room, "right", palette.base)], width)


class Choice(ModalScreen[str | None]):
    """Choose one option; typing filters. Answers its key, or None for escape. ``is_wide``: there is more to
    say of the options than their names. ``takes_others``: what is typed is an answer where no option matches."""

    DEFAULT_CSS = f"Choice {{ {_BOX} & Entry {{ margin-bottom: 1; }} &.-wide > Vertical {{ width: 92; }} }}"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "Back", id="choice.back"),
        Binding("down,ctrl+n", "step(1)", "Next", show=False, priority=True, id="choice.next"),
        Binding("up,ctrl+p", "step(-1)", "Previous", show=False, priority=True, id="choice.previous"),
    ]

    def __init__(
        self,
        title: str,
        options: Sequence[Option],
        *,
        hint: str = "type to filter",
        is_wide: bool = False,
        takes_others: bool = False,
    ) -> None:
        super().__init__(classes="-wide" if is_wide else None)
        self._title, self._hint = title, hint
        self._lines = OptionLines(options, takes_others=takes_others)

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = Content(plain(self._title))
            yield Entry(placeholder=plain(self._hint), compact=True)
            yield self._lines

    def on_resize(self) -> None:
        """As many options as the box has room for: what is cut off below could hold the cursor."""
        room = int(self.size.height * 0.8) - _AROUND
        self._lines.styles.max_height = max(1, min(_MOST_LINES, room))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as it is typed."""
        event.stop()
        self._lines.narrow(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter chooses."""
        event.stop()
        self._choose(self._lines.current)

    def on_click(self, event: events.Click) -> None:
        """A click chooses."""
        if event.widget is self._lines and (offset := event.get_content_offset(self._lines)) is not None:
            self._choose(self._lines.at(offset.y))

    def _choose(self, option: Option | None) -> None:
        if option is None or option.refusal:
            self.app.bell()
        else:
            self.dismiss(option.key)

    def action_step(self, by: int) -> None:
        """Move among the options."""
        self._lines.step(by)

    def action_give_up(self) -> None:
        """Choose nothing."""
        self.dismiss(None)
