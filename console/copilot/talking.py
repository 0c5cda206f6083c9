"""`Talking`: the conversation as it is shown, on the copilot's screen and beside any other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from console.copilot import words
from console.copilot.exchange import Exchange
from console.copilot.talk import Talk, Turn
from console.frame.screen import FrameScreen
from console.frame.topic import Topic
from widgets.entry import Entry

if TYPE_CHECKING:
    from console.app import ConsoleApp

ASK = "#copilot-ask"


class Talking(Vertical):
    """`Talking(talk, topic)`; `topic` answers what a question is asked beside at that moment."""

    DEFAULT_CSS: ClassVar[str] = """
    Talking {
        background: $background;
        & #copilot-about { height: auto; max-height: 2; color: $foreground-muted; padding: 0 1; }
        & #copilot-said { height: 1fr; background: $background; padding: 0 1; }
        & #copilot-ask {
            height: 3; border: round $border-blurred; background: $background;
            &:focus { border: round $accent; background-tint: $background 0%; }
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pagedown", "scroll_said(1)", show=False, id="copilot.page-down"),
        Binding("pageup", "scroll_said(-1)", show=False, id="copilot.page-up"),
    ]

    def __init__(self, talk: Talk, topic: Callable[[], Topic], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.talk, self._topic = talk, topic
        self._exchanges: dict[Turn, Exchange] = {}

    @property
    def console(self) -> ConsoleApp:
        """The app, by its own type."""
        return self.app  # type: ignore[return-value]

    def compose(self) -> ComposeResult:
        yield Static(self._about(), id="copilot-about", markup=False)
        with VerticalScroll(id="copilot-said", can_focus=True):
            yield Static(Content(words.WELCOME), id="copilot-welcome", markup=False)
        yield Entry(self.talk.typed, placeholder="Ask …", select_on_focus=False, id="copilot-ask")

    def on_mount(self) -> None:
        """Follow the conversation."""
        self.talk.shown_by.append(self)
        self.query_one("#copilot-said", VerticalScroll).anchor()
        self.anew()
        self.talk.see_who_answers()

    def on_unmount(self) -> None:
        """Follow it no more."""
        if self in self.talk.shown_by:
            self.talk.shown_by.remove(self)

    # -- showing

    def _about(self) -> Content:
        return Content(words.heading(self.talk.model, self._topic()))

    def show_about(self) -> None:
        """Who answers, and what “this” means now."""
        self.query_one("#copilot-about", Static).update(self._about())

    def anew(self) -> None:
        """Show what is asked in this conversation, and no other's."""
        if not self.is_attached:
            return
        said = self.query_one("#copilot-said", VerticalScroll)
        for turn in [turn for turn in self._exchanges if turn not in self.talk.turns]:
            self._exchanges.pop(turn).remove()
        for turn in self.talk.turns:
            if turn not in self._exchanges:
                self._exchanges[turn] = Exchange(turn)
                said.mount(self._exchanges[turn])
        self.query_one("#copilot-welcome").display = not self.talk.turns
        self.show_about()
        self._recheck()

    def came(self, turn: Turn) -> None:
        """Show more of an answer."""
        if self.is_attached and turn in self._exchanges:
            self._exchanges[turn].came()
            if turn.is_over:
                self._recheck()

    def _recheck(self) -> None:
        if isinstance(self.screen, FrameScreen):
            self.screen.recheck()

    # -- asking

    @property
    def is_typing(self) -> bool:
        """Whether what is typed goes into the question."""
        return self.screen.focused is self.query_one(ASK)

    def take_focus(self) -> None:
        """What is typed from now on is a question."""
        ask = self.query_one(ASK, Entry)
        ask.value = self.talk.typed
        ask.cursor_position = len(ask.value)
        self.screen.set_focus(ask)

    @on(Input.Changed, ASK)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.talk.typed = event.value

    @on(Input.Submitted, ASK)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip() and self.ask(event.value.strip()):
            event.input.clear()
            self.talk.typed = ""

    def ask(self, question: str) -> bool:
        """Ask beside what is under the hand. False when that cannot be now."""
        return self.talk.ask(question, self._topic())

    def action_scroll_said(self, by: int) -> None:
        """A page of answers on or back."""
        said = self.query_one("#copilot-said")
        (said.scroll_page_down if by > 0 else said.scroll_page_up)(animate=False)
