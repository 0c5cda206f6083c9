"""Show what will be different, and ask why. Enter with a reason does it; escape and an empty line do nothing."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from widgets.entry import Entry
from widgets.paint import Cell
from widgets.panel import Panel
from widgets.plain import plain

LONGEST = 160


class ReasonPrompt(ModalScreen[str | None]):
    """Answers the reason, or None."""

    CSS_PATH = "reason_prompt.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", show=False),
        Binding("down", "scroll(1)", show=False, priority=True),
        Binding("up", "scroll(-1)", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        lines: Sequence[Cell],
        *,
        hint: str = "enter with a reason puts it in force at once · esc leaves everything as it is",
    ) -> None:
        super().__init__()
        self._title, self._lines, self._hint = title, tuple(lines), hint

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = Content(plain(self._title))
            with VerticalScroll(can_focus=False):
                yield Panel()
            yield Entry(placeholder="Why? It is kept with the version.", compact=True, max_length=LONGEST)
            yield Static(Content(plain(self._hint)), markup=False)

    def on_mount(self) -> None:
        """Show it."""
        self.query_one(Panel).show((), self._lines)

    def action_scroll(self, by: int) -> None:
        """Look at more of it."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """A reason does it."""
        event.stop()
        if event.value.strip():
            self.dismiss(event.value.strip())
        else:
            self.app.bell()

    def action_give_up(self) -> None:
        """Nothing."""
        self.dismiss(None)
