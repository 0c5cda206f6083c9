"""What stands beside the table follows the cursor: the row at once, the rest of it when the hand has rested."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from textual.timer import Timer

from console.retention.preview import Shown
from widgets.panel import Panel

if TYPE_CHECKING:
    from console.frame.screen import FrameScreen

REST = 0.25
"""Seconds the cursor rests on a row before the server is asked about it."""
KEPT = 64
"""Answers that are remembered, by id and version."""
Key = tuple[str, int]
Draw = Callable[[Any], Shown]
"""What is shown, of the whole answer or of None while there is none."""


class Beside:
    """Shows one thing at a time in a panel. Answers are kept by id and version, so that what changed is asked for again."""

    def __init__(self, screen: FrameScreen, panel: Panel) -> None:
        self.screen, self.panel = screen, panel
        self.is_wanted = False
        self._wanted: Key | None = None
        self._answers: dict[Key, Any] = {}
        self._timer: Timer | None = None

    def show_nothing(self) -> None:
        """There is nothing under the cursor."""
        self._stop()
        self._wanted = None
        self.panel.show((), [[("Nothing under the cursor.", "muted")]], title="")

    def show(self, key: Key, draw: Draw, ask: Callable[[], Awaitable[Any]] | None) -> None:
        """Show the thing with that id and version; `ask` reads the rest of it, None when there is no rest."""
        self._stop()
        self._wanted = key
        if not self.is_wanted:
            return
        answer = self._answers.get(key)
        self._draw(draw(answer))
        if answer is None and ask is not None and self.screen.console.is_online:
            self._timer = self.screen.set_timer(REST, lambda: self._ask(key, draw, ask))

    def forget(self) -> None:
        """What was remembered may be other by now."""
        self._answers.clear()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _draw(self, shown: Shown) -> None:
        self.panel.show(shown.pairs, shown.lines, title=shown.title, freshness=shown.freshness)

    def _ask(self, key: Key, draw: Draw, ask: Callable[[], Awaitable[Any]]) -> None:
        async def call() -> Any:
            from backend.client import ApiError, Offline

            try:
                return await ask()
            except (ApiError, Offline):  # the row stays; a toast for each move of the cursor would be in the way
                return None

        def done(answer: Any) -> None:
            if not self.screen.is_attached:
                return
            if len(self._answers) >= KEPT:
                self._answers.clear()
            self._answers[key] = answer
            if self._wanted == key:
                self._draw(draw(answer))

        self.screen.console.calls.start("read what is beside", call, done=done, group="beside", exclusive=True)
