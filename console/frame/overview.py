"""`Overview`: an outline of how things stand, read again as time passes, with what is under the cursor in full beside it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.widgets import OptionList

from console.frame.screen import FrameScreen
from widgets.outline import Line, Outline
from widgets.paint import Cell
from widgets.panel import Panel

WIDE = 110
"""Columns from which on what is under the cursor stands beside the list; below, it stands under it."""
TICK = 15.0
"""Seconds between looks: no event tells of all that is shown."""
Detail = tuple[Sequence[tuple[str, Cell]], Sequence[Cell], str]
"""Pairs, lines and title of what is under the cursor."""


class Overview(FrameScreen):
    """Subclasses say what is asked for, how it is kept, and how it is told."""

    CSS_PATH = Path(__file__).with_name("overview.tcss")  # it is looked for beside each subclass otherwise
    what: ClassVar[str] = ""
    """What is read, as in: read the …"""
    topics: ClassVar[tuple[str, ...]] = ()
    """What happens to these has it read again."""

    def __init__(self) -> None:
        super().__init__()
        self.is_read = False
        self._will_read = False

    def asking(self) -> Callable[[], Awaitable[Any]]:
        """What asks for everything."""
        raise NotImplementedError

    def keep(self, answer: Any) -> None:
        """Keep what was answered."""
        raise NotImplementedError

    def lines(self) -> list[Line]:
        """How things stand."""
        raise NotImplementedError

    def detail(self, key: str) -> Detail:
        """What is under the cursor."""
        raise NotImplementedError

    # -- showing

    def compose_body(self) -> ComposeResult:
        with Container(id="panes"):
            yield Outline(id="main")
            with VerticalScroll(id="aside", can_focus=False):
                yield Panel(id="says")

    def on_mount(self) -> None:
        """Read everything, and again whenever something happens there, or time passes."""
        super().on_mount()
        self.query_one(Outline).show([Line("", f"Reading the {self.what} …")])
        for topic in (*self.topics, "reset"):
            self.listen(topic, lambda _: self.read())
        self.set_interval(TICK, self._tick)
        self.read()

    def on_screen_resume(self) -> None:
        """In front again: it may be long ago."""
        super().on_screen_resume()
        if self.is_read and self.console.is_online:
            self.read()

    def on_resize(self) -> None:
        """Beside the list where there is room."""
        self.query_one("#panes").set_class(self.room < WIDE, "-narrow")

    def _tick(self) -> None:
        if self.is_current and self.console.is_online and not self.store.is_paused:
            self.read()

    def read(self) -> None:
        """Ask for everything, once for all who want it at this moment."""
        if not self._will_read:
            self._will_read = self.call_later(self._read_now)

    def _read_now(self) -> None:
        self._will_read = False

        def done(answer: Any) -> None:
            self.keep(answer)
            self.is_read = True
            self.show_all()

        def failed(error: Exception) -> None:
            if self.is_attached and not self.is_read:
                text = f"✗ The {self.what} could not be read: {error}"
                self.query_one(Outline).show([Line("", text), Line("", f"{self.console.key_of('retry')} tries again.")])

        self.console.calls.start(
            f"read the {self.what}", self.asking(), done=done, failed=failed, group=self.family, exclusive=True
        )

    def show_all(self) -> None:
        """Everything as it is kept."""
        if self.is_attached:
            self.query_one(Outline).show(self.lines())
            self.show_one()
            self.recheck()

    def show_one(self) -> None:
        """What is under the cursor."""
        pairs, lines, title = self.detail(self.key)
        self.query_one("#says", Panel).show(pairs, lines, title=title)

    @property
    def key(self) -> str:
        """The key of the line under the cursor."""
        return self.query_one(Outline).key if self.is_mounted else ""

    def about(self) -> tuple[str, ...]:
        """What a question is asked about: the line under the cursor."""
        return (self.key,) if self.key else ()

    def key_after(self, begins: str) -> str:
        """The rest of that key when it begins so, else nothing."""
        return self.key.removeprefix(begins) if self.key.startswith(begins) else ""

    def on_option_list_option_highlighted(self, _event: OptionList.OptionHighlighted) -> None:
        """Show it in full."""
        self.query_one("#aside").scroll_home(animate=False)
        self.show_one()
        self.recheck()

    def action_read_again(self) -> None:
        """Everything as it is now."""
        self.read()
