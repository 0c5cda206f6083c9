"""The copilot beside any screen (`ctrl+t`): the conversation of its own screen, asked about what is under the hand here."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from console.copilot.screen import CopilotScreen
from console.copilot.talk import Talk
from console.copilot.talking import Talking
from console.frame.screen import FrameScreen

if TYPE_CHECKING:
    from console.app import ConsoleApp

WIDE = 110
"""Columns from which on it stands beside the screen; below, over all of it while one types in it."""


def width_beside(columns: int) -> int:
    """Columns of the panel on a terminal so wide: a third and a bit, none where there is no room for both."""
    return max(42, min(72, columns * 36 // 100)) if columns >= WIDE else 0


class CopilotPanel(Talking):
    """Beside one screen. It takes the focus only when asked to, and gives it back to where it was."""

    DEFAULT_CSS: ClassVar[str] = """
    CopilotPanel {
        split: right; height: 1fr; border-left: solid $border-blurred;
        &:focus-within { border-left: solid $accent; }
        & #copilot-keys { height: 1; color: $foreground-muted; padding: 0 1; }
        &.-whole { split: none; layer: over; dock: top; width: 100%; height: 100%; margin-top: 1; border-left: none; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back", show=False, id="copilot.leave")]

    def __init__(self, talk: Talk, beside: FrameScreen) -> None:
        super().__init__(talk, beside.topic)
        self.beside = beside
        self._before: Widget | None = None

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield Static(id="copilot-keys", markup=False)

    def on_mount(self) -> None:
        """Say how one leaves."""
        key = self.console.key_of
        self.query_one("#copilot-keys", Static).update(Content(f"{key('back')} back · {key('copilot_beside')} close"))

    @property
    def has_hand(self) -> bool:
        """Whether what is typed goes here."""
        focused = self.beside.focused
        return focused is not None and self in focused.ancestors_with_self

    def fit(self) -> None:
        """Beside the screen where there is room; else over it, as long as one types here."""
        room = width_beside(self.beside.size.width)
        self.set_class(not room, "-whole")
        self.styles.width = room or None
        self.display = bool(room) or self.has_hand or self.beside.focused is None
        self.beside.make_room(room)
        self.beside.recheck()

    def on_descendant_focus(self) -> None:
        """The hand is here."""
        self.fit()

    def on_descendant_blur(self) -> None:
        """The hand may be elsewhere, or the terminal not in front."""
        self.call_later(self.fit)

    def enter(self) -> None:
        """Take the focus, and remember who had it."""
        if not self.has_hand:
            self._before = self.beside.focused
        self.display = True
        self.take_focus()

    def action_leave(self) -> None:
        """Give the focus back; what is typed stays."""
        before, self._before = self._before, None
        if before is None or not before.is_attached or not before.focusable:
            before = self.beside.query("#main").first() if self.beside.query("#main") else None
        self.beside.set_focus(before)
        self.fit()

    def close(self) -> None:
        """Go, and leave the room to the screen."""
        if self.has_hand:
            self.action_leave()
        self.beside.copilot = None
        self.beside.make_room(0)
        self.beside.recheck()
        self.remove()


async def toggle(console: ConsoleApp) -> None:
    """Beside the screen in front and ready to be typed in; away again when one types in it."""
    screen, session = console.screen, console.session
    if session is None or not isinstance(screen, FrameScreen):
        return
    if isinstance(screen, CopilotScreen):
        screen.talking.take_focus()
    elif screen.copilot is not None and screen.copilot.has_hand:
        session.talk.is_beside = False
        screen.copilot.close()
    else:
        session.talk.is_beside = True
        (await _open(session.talk, screen)).enter()


async def _open(talk: Talk, screen: FrameScreen) -> CopilotPanel:
    if screen.copilot is None:
        screen.copilot = CopilotPanel(talk, screen)
        await screen.mount(screen.copilot)
    return screen.copilot


async def follow(console: ConsoleApp, screen: FrameScreen) -> None:
    """Be beside this screen, which came to the front, when it is wanted, and beside no other."""
    if console.session is None:
        return
    for other in console.frames():
        if other is not screen and other.copilot is not None:
            other.copilot.close()
    talk = console.session.talk
    if talk.is_beside and not isinstance(screen, CopilotScreen) and screen.copilot is None:
        (await _open(talk, screen)).fit()
