"""One line to type, with what it could become above and what it means below. Enter takes it when it means something."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input, Static

from console.background import in_background
from console.rules.reading import Reading
from widgets.entry import Entry
from widgets.plain import plain
from widgets.prompt import Option, OptionLines

SHOWN = 8
REST = 0.25
"""Seconds after the last key until the server is asked what it would lead to."""

Consider = Callable[[Any], Awaitable[tuple[str, bool]]]
"""What a value would lead to, in words, and whether the server would take it."""


@dataclass(frozen=True, slots=True)
class Typed:
    """The value that was typed (None may be one)."""

    value: Any


class TypingPrompt(ModalScreen[Typed | None]):
    """Ask for one value. `read` reads a text, `complete` offers lines it could become, `consider` looks further."""

    CSS_PATH = "typing_prompt.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", show=False),
        Binding("tab", "complete", show=False, priority=True),
        Binding("down,ctrl+n", "step(1)", show=False, priority=True),
        Binding("up,ctrl+p", "step(-1)", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        text: str,
        read: Callable[[str], Reading],
        *,
        complete: Callable[[str], Sequence[Option]] = lambda _: (),
        consider: Consider | None = None,
        hint: str = "",
        is_secret: bool = False,
    ) -> None:
        """`is_secret`: what is typed is not shown."""
        super().__init__()
        self._is_secret = is_secret
        self._title, self._text, self._hint = title, text, hint
        self._read, self._complete, self._consider = read, complete, consider
        self._offered: list[Option] = []
        self._timer: Timer | None = None
        self._turn = 0

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = Content(plain(self._title))
            box.border_subtitle = Content("tab completes · enter takes · esc leaves")
            yield Entry(
                self._text,
                placeholder=plain(self._hint),
                compact=True,
                select_on_focus=False,
                password=self._is_secret,
            )
            yield OptionLines(())
            yield Static(id="said", markup=False)
            yield Static(id="leads", markup=False)

    def on_mount(self) -> None:
        """Say what is there already."""
        self._look()

    @property
    def entry(self) -> Entry:
        """What is typed into."""
        return self.query_one(Entry)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Read it anew."""
        event.stop()
        self._look()

    def _look(self) -> Reading:
        text = self.entry.value
        offered = [option for option in self._complete(text) if option.key.strip() != text.strip()][:SHOWN]
        if offered != self._offered:
            self._offered = offered
            self.query_one(OptionLines).offer(offered)
        self.query_one(OptionLines).display = bool(offered)
        reading = self._read(text)
        said = self.query_one("#said", Static)
        said.set_class(bool(reading.problem), "-wrong")
        said.update(Content(plain(f"✗ {reading.problem}" if reading.problem else reading.said)))
        self._turn += 1
        if self._timer is not None:
            self._timer.stop()
        if reading.problem:
            self._lead("", True)
        elif self._consider is not None:
            self._timer = self.set_timer(REST, lambda: self._ask(reading.value, self._turn))
        return reading

    def _ask(self, value: Any, turn: int) -> None:
        consider = self._consider
        assert consider is not None

        async def asked() -> None:
            words, is_fine = await consider(value)
            if turn == self._turn and self.is_attached:
                self._lead(words, is_fine)

        in_background(self, asked, group="consider", exclusive=True)

    def _lead(self, words: str, is_fine: bool) -> None:
        leads = self.query_one("#leads", Static)
        leads.set_class(not is_fine, "-wrong")
        leads.update(Content("\n".join(plain(line) for line in words.split("\n"))))

    def action_complete(self) -> None:
        """Write the offer under the cursor."""
        offer = self.query_one(OptionLines).current if self._offered else None
        if offer is None:
            self.app.bell()
            return
        self.entry.value = offer.key
        self.entry.cursor_position = len(offer.key)

    def action_step(self, by: int) -> None:
        """Another offer."""
        self.query_one(OptionLines).step(by)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take it, or say why not."""
        event.stop()
        reading = self._look()
        if not reading.problem:
            self.dismiss(Typed(reading.value))
        elif self._offered:
            self.action_complete()
        else:
            self.app.bell()

    def action_give_up(self) -> None:
        """Leave it as it was."""
        self.dismiss(None)
