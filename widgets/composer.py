"""Where a person writes: a reply the customer will see, or a note only the team will."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult

from widgets.plain import plain, writable

Mode = Literal["reply", "note"]


class Composer(TextArea):
    """A text area that posts :class:`Submitted` on alt+enter, ctrl+j or F9 and :class:`Left` on escape.

    The mode shows in the border's colour and in its title. While ``refusal`` is set nothing can be written or sent
    and the reason stands in the title. ``TextArea.Changed`` tells of edits.
    """

    DEFAULT_CSS = """
    Composer {
        height: 7;
        background: $background;
        color: $foreground;
        border: round $success;
        border-title-color: $success;
        border-title-style: bold;
        border-subtitle-color: $foreground-muted;
        &:focus { border: round $success; background: $background; }
        &.-note { border: round $warning; border-title-color: $warning; background: $surface; }
        &.-note:focus { border: round $warning; }
        &.-refused { border: round $border-blurred; border-title-color: $foreground-muted; color: $foreground-muted; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("alt+enter,ctrl+j,f9", "submit", "Send", id="composer.send"),
        Binding("escape", "leave", "Back", show=False, id="composer.leave"),
    ]

    mode: reactive[Mode] = reactive[Mode]("reply")
    refusal: reactive[str] = reactive("")

    class Submitted(Message):
        """The text is to be sent; it stays in the composer until the app clears it."""

        def __init__(self, composer: "Composer", text: str, mode: Mode) -> None:
            super().__init__()
            self.composer = composer
            self.text = text
            self.mode = mode

        @property
        def control(self) -> "Composer":
            """The composer, for ``@on(..., "#id")``."""
            return self.composer

    class Left(Message):
        """Escape: the person wants to go back to where they were."""

        def __init__(self, composer: "Composer") -> None:
            super().__init__()
            self.composer = composer

        @property
        def control(self) -> "Composer":
            """The composer, for ``@on(..., "#id")``."""
            return self.composer

    def __init__(
        self,
        text: str = "",
        *,
        reply_title: str = "Reply · the customer sees this",
        note_title: str = "Note · only the team sees this",
        hint: str = "alt+enter sends · esc leaves",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(
            writable(text), id=id, classes=classes, soft_wrap=True, tab_behavior="focus", show_line_numbers=False
        )
        self.completions: Sequence[str] = ()
        """What the word before the cursor could become; tab writes the first."""
        self._titles: dict[Mode, str] = {"reply": reply_title, "note": note_title}
        self._hint = hint

    def on_mount(self) -> None:
        """The border can be dressed once the widget has styles."""
        self._dress()

    def watch_mode(self) -> None:
        """Another mode, another border."""
        self._dress()

    def watch_refusal(self) -> None:
        """A reason not to write, or none any more."""
        self.read_only = bool(self.refusal)
        self._dress()

    def set_titles(self, reply: str, note: str) -> None:
        """Say more than the mode, such as to whom the reply goes."""
        self._titles = {"reply": reply, "note": note}
        self._dress()

    def _dress(self) -> None:
        self.set_class(self.mode == "note" and not self.refusal, "-note")
        self.set_class(bool(self.refusal), "-refused")
        title = f"⊘ {plain(self.refusal)}" if self.refusal else plain(self._titles[self.mode])
        self.border_title = Content(title)
        self.border_subtitle = Content("" if self.refusal else plain(self._hint))

    def edit(self, edit: Edit) -> EditResult:
        """Every insertion, typed or pasted, is cleaned at the door."""
        edit.text = writable(edit.text)
        return super().edit(edit)

    def load_text(self, text: str) -> None:
        """Replace the text, such as with a draft or a macro."""
        super().load_text(writable(text))

    @property
    def word(self) -> str:
        """What stands before the cursor, back to a space."""
        row, column = self.cursor_location
        return self.document.get_line(row)[:column].rpartition(" ")[2]

    def on_key(self, event: events.Key) -> None:
        """Tab completes where something is offered, and leaves the composer where nothing is."""
        if event.key == "tab" and self.completions:
            event.stop()
            event.prevent_default()
            row, column = self.cursor_location
            self.replace(f"{self.completions[0]} ", (row, column - len(self.word)), (row, column))

    def action_submit(self) -> None:
        """Post the text, unless there is none or it may not be sent."""
        if self.text.strip() and not self.refusal:
            self.post_message(self.Submitted(self, self.text, self.mode))

    def action_leave(self) -> None:
        """Post that the person leaves."""
        self.post_message(self.Left(self))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Sending is dimmed while it is refused."""
        return None if action == "submit" and self.refusal else super().check_action(action, parameters)
