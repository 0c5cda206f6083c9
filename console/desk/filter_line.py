"""The line in which a tab of the queue is filtered as one types."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from widgets.entry import Entry
from widgets.plain import plain

HINT = "p1  friction>50  @me  -waiting  tier:gold  value>=25k  #1042  words"


class FilterLine(Horizontal):
    """A slash, the filter, and what is wrong with it. There while it is written in or holds something."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "Clear", show=False),
        Binding("down", "leave", "To the rows", show=False),
    ]

    class Changed(Message):
        """Another filter, as typed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """Back to the rows; the filter stays as it is."""

    def __init__(self, hint: str = HINT) -> None:
        super().__init__()
        self._hint = hint

    def compose(self) -> ComposeResult:
        yield Static("/", id="slash", markup=False)
        yield Entry(placeholder=self._hint, compact=True)
        yield Static(id="verdict", markup=False)

    @property
    def text(self) -> str:
        """The filter."""
        return self.query_one(Entry).value

    def put(self, text: str) -> None:
        """Write another filter than is typed: that of another tab."""
        with self.prevent(Input.Changed):
            self.query_one(Entry).value = text
        self._show_or_hide()

    def show(self, verdict: str, is_wrong: bool) -> None:
        """Show what comes of the filter. The text itself is left alone: the next letter may be typed already."""
        note = self.query_one("#verdict", Static)
        note.set_class(is_wrong, "-wrong")
        note.update(Content(plain(verdict)))
        self._show_or_hide()

    def open(self) -> None:
        """Write in it: what is there is selected, so typing starts anew and an arrow key goes on."""
        self.display = True
        self.screen.set_focus(self.query_one(Entry))  # at once: the next key may be here already, and must not act

    def clear(self) -> None:
        """Take the filter away."""
        self.query_one(Entry).value = ""

    def _show_or_hide(self) -> None:
        entry = self.query_one(Entry)
        self.display = bool(entry.value) or entry.has_focus

    def on_input_changed(self, event: Input.Changed) -> None:
        """As it is typed."""
        event.stop()
        self.post_message(self.Changed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter keeps it and goes to the rows."""
        event.stop()
        self.action_leave()

    def on_descendant_blur(self) -> None:
        """An empty one is not in the way."""
        self.call_after_refresh(self._show_or_hide)

    def action_leave(self) -> None:
        """To the rows."""
        self.post_message(self.Left())

    def action_give_up(self) -> None:
        """Clear it and go to the rows."""
        self.clear()
        self.post_message(self.Left())
