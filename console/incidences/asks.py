"""The two questions that a choice and a few words answer together: how a case ended, and until when it sleeps."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from console.desk import ages
from console.desk.until import CHOICES, Unclear, wake_at
from widgets.entry import Entry
from widgets.paint import Cell
from widgets.panel import Panel
from widgets.plain import plain
from widgets.prompt import Option, OptionLines

NOTE = 200
"""Characters of a note that goes with an escalation."""

Explain = Callable[[str, str], tuple[str, bool]]
"""(option's key, words) -> what enter would do, and whether it can."""


class Ask(ModalScreen[str | None]):
    """Options above, words below. Enter answers `answer(option, words)`, so one more key takes the usual; escape None.
    `title` says what is done and to whose case, `about` what that case is about."""

    CSS_PATH = "asks.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "Back", show=False),
        Binding("down,ctrl+n", "step(1)", "Next", show=False, priority=True),
        Binding("up,ctrl+p", "step(-1)", "Previous", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        options: Sequence[Option],
        explain: Explain,
        *,
        hint: str,
        about: str = "",
        suggest: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self._title, self._about, self._hint, self._suggest = title, about, hint, list(suggest)
        self._explain = explain
        self._lines = OptionLines(options)

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = Content(plain(self._title))
            box.border_subtitle = Content(plain(self._about))
            yield self._lines
            suggester = SuggestFromList(self._suggest, case_sensitive=False) if self._suggest else None
            yield Entry(placeholder=plain(self._hint), compact=True, suggester=suggester)
            yield Static(markup=False)

    def on_mount(self) -> None:
        """Say what enter does."""
        self._say()

    def answer(self, option: str, words: str) -> str:
        """What the question is answered with."""
        return f"{option} {words}".strip()

    def _say(self) -> bool:
        current = self._lines.current
        said, can = self._explain(current.key if current else "", self.query_one(Entry).value.strip())
        note = self.query_one(Static)
        note.set_class(not can, "-wrong")
        note.update(Content(plain(said)))
        return can

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what the words mean."""
        event.stop()
        self._say()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter answers, when it can."""
        event.stop()
        current = self._lines.current
        if current is None or not self._say():
            self.app.bell()
        else:
            self.dismiss(self.answer(current.key, event.value.strip()))

    def action_step(self, by: int) -> None:
        """Move among the options."""
        self._lines.step(by)
        self._say()

    def action_give_up(self) -> None:
        """Leave it."""
        self.dismiss(None)


class AskOutcome(Ask):
    """How did it end? Answers `RESOLVED` or `RESOLVED billing`."""

    def __init__(self, title: str, about: str, outcomes: Sequence[Option], categories: Sequence[str]) -> None:
        super().__init__(title, outcomes, _outcome, hint="category, if you like", about=about, suggest=categories)


def _outcome(option: str, words: str) -> tuple[str, bool]:
    if len(words) > 64:
        return "A category holds at most 64 characters.", False
    return f"enter solves it as {option.lower()}" + (f", about {words}" if words else ""), True


class AskReason(Ask):
    """Why is it handed up? Answers `EMOTIONAL` or `EMOTIONAL she cried`. `leads_to` tells the rule of a reason."""

    def __init__(self, title: str, about: str, reasons: Sequence[Option], leads_to: Callable[[str], str]) -> None:
        def explain(option: str, words: str) -> tuple[str, bool]:
            if len(words) > NOTE:
                return f"A note holds at most {NOTE} characters.", False
            return leads_to(option) or "enter hands it up", True

        super().__init__(title, reasons, explain, hint="a note, if you like", about=about)


class AskUntil(Ask):
    """Until when? Words win over the options. Answers what `wake_at` reads."""

    def __init__(self, title: str, about: str, now: Callable[[], datetime]) -> None:
        super().__init__(
            title,
            CHOICES,
            lambda option, words: _until(words or option, now()),
            hint="or 45m, 18:30, fri 14:00",
            about=about,
        )

    def answer(self, option: str, words: str) -> str:
        """The words, else the option."""
        return words or option


class AskNote(ModalScreen[str | None]):
    """A few words, and nothing to choose. Enter answers them, escape None; with `is_needed`, not without any."""

    CSS_PATH = "asks.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "give_up", "Back", show=False)]

    def __init__(self, title: str, hint: str, *, lines: Sequence[Cell] = (), is_needed: bool = False) -> None:
        super().__init__()
        self._title, self._hint, self._lines, self._is_needed = title, hint, lines, is_needed

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = Content(plain(self._title))
            if self._lines:
                yield Panel()
            yield Entry(placeholder=plain(self._hint), compact=True, max_length=NOTE)
            yield Static(markup=False)

    def on_mount(self) -> None:
        """Show what it is about."""
        if self._lines:
            self.query_one(Panel).show((), self._lines)
        needed = "Say it in a few words" if self._is_needed else "enter does it, with or without words"
        self.query_one(Static).update(Content(f"{needed}; esc leaves it."))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter answers."""
        event.stop()
        words = event.value.strip()
        if self._is_needed and not words:
            self.query_one(Static).set_class(True, "-wrong")
            self.app.bell()
        else:
            self.dismiss(words)

    def action_give_up(self) -> None:
        """Leave it."""
        self.dismiss(None)


def _until(said: str, now: datetime) -> tuple[str, bool]:
    try:
        at = wake_at(said, now)
    except Unclear as problem:
        return str(problem), False
    return f"enter snoozes it until {ages.local(at.isoformat(), now)}", True
