"""A list with something beside it: lines with a cursor, and in a panel all there is to say of the one under it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.widgets import OptionList

from console.frame.screen import FrameScreen
from widgets.outline import Line, Outline
from widgets.paint import Cell
from widgets.panel import Panel

WIDE = 110
"""Columns from which on the panel stands beside the list; below, it stands under it."""

Said = tuple[str, Sequence[tuple[str, Cell]], Sequence[Cell]]
"""Title, pairs and lines of the panel."""


class OutlinedScreen(FrameScreen):
    """A subclass says what is read (:meth:`ask`), keeps it (:meth:`take`), and tells it (:meth:`lines`, :meth:`says`).

    `topics` of the store are news of it; `tick` seconds apart it is read anyway, where no event tells of changes.
    """

    what: ClassVar[str] = ""
    """What is read, for `Reading the … …`."""
    topics: ClassVar[tuple[str, ...]] = ()
    tick: ClassVar[float] = 0.0
    DEFAULT_CSS = """
    OutlinedScreen {
        & #panes { height: 1fr; layout: horizontal; }
        & Outline { width: 1fr; height: 1fr; padding: 1 1; }
        & #aside { width: 58; height: 1fr; background: $background; }
        & #says { min-height: 100%; }
        & #panes.-narrow { layout: vertical; }
        & #panes.-narrow > #aside { width: 1fr; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.is_read = False
        self._is_reading = self._is_stale = False

    # -- what a subclass says

    def ask(self) -> Callable[[], Awaitable[Any]]:
        """What reads it."""
        raise NotImplementedError

    def take(self, answer: Any) -> None:
        """Keep what was read."""

    def lines(self) -> Sequence[Line]:
        """The list."""
        return ()

    def says(self) -> Said:
        """What stands beside the line under the cursor."""
        return "", (), ()

    # -- how it works

    def compose_body(self) -> ComposeResult:
        with Container(id="panes"):
            yield Outline(id="main")
            with VerticalScroll(id="aside", can_focus=False):
                yield Panel(id="says")

    def on_mount(self) -> None:
        """Read it, and again whenever there is news of it."""
        super().on_mount()
        self.query_one(Outline).show([Line("", f"Reading the {self.what} …")])
        for topic in (*self.topics, "reset"):
            self.listen(topic, lambda _: self.read())
        if self.tick:
            self.set_interval(self.tick, self._tick)
        self.read()

    def on_resize(self) -> None:
        """Beside the list where there is room."""
        self.query_one("#panes").set_class(self.room < WIDE, "-narrow")

    def on_screen_resume(self) -> None:
        """In front again: it may be long ago."""
        super().on_screen_resume()
        if self.is_read and self.console.is_online:
            self.read()

    def _tick(self) -> None:
        if self.is_current and self.console.is_online and not self.store.is_paused:
            self.read()

    def read(self) -> None:
        """Ask for it; once more afterwards when it is being asked for."""
        if self._is_reading:
            self._is_stale = True
            return
        self._is_reading = True

        def done(answer: Any) -> None:
            self.take(answer)
            self.is_read = True
            if self.is_attached:
                self.show()
            over()

        def over() -> None:
            self._is_reading = False
            if self._is_stale and self.is_attached:
                self._is_stale = False
                self.read()

        def failed(error: Exception) -> None:
            over()
            if self.is_attached and not self.is_read:
                text = f"✗ The {self.what} could not be read: {error}"
                self.query_one(Outline).show([Line("", text), Line("", f"{self.console.key_of('retry')} tries again.")])

        self.console.calls.start(f"read the {self.what}", self.ask(), done=done, failed=failed, group="read")

    def show(self) -> None:
        """Show what is known now."""
        self.query_one(Outline).show(self.lines())
        self.show_beside()
        self.recheck()

    def show_beside(self) -> None:
        """Show what stands beside the line under the cursor."""
        title, pairs, lines = self.says()
        self.query_one("#says", Panel).show(pairs, lines, title=title)

    @property
    def key(self) -> str:
        """The key of the line under the cursor; empty when there is none."""
        return self.query_one(Outline).key if self.is_mounted else ""

    def about(self) -> tuple[str, ...]:
        """What verbs act on."""
        return (self.key,)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show what stands beside it."""
        self.query_one("#aside").scroll_home(animate=False)
        self.show_beside()
        self.recheck()

    def action_read_again(self) -> None:
        """As it is now."""
        self.read()
