"""An app that shows one widget and keeps the messages that matter, for the tests of widgets."""

from collections.abc import Callable
from typing import Any

from textual.app import App, ComposeResult
from textual.message import Message
from textual.widget import Widget

from themes import DEFAULT_THEME, THEMES


class Stage(App[None]):
    """Shows widgets (or what makes them) in the default theme; ``told`` are the messages of the kinds to keep."""

    def __init__(
        self, *widgets: Widget | Callable[[], Widget], keep: tuple[type[Message], ...] = (), **options: Any
    ) -> None:
        super().__init__(**options)
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = DEFAULT_THEME
        self.told: list[Message] = []
        self._widgets = widgets
        self._keep = keep

    def compose(self) -> ComposeResult:
        for widget in self._widgets:
            yield widget if isinstance(widget, Widget) else widget()

    async def _dispatch_message(self, message: Message) -> None:
        if isinstance(message, self._keep):
            self.told.append(message)
        await super()._dispatch_message(message)


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def screen_lines(app: App[Any]) -> list[str]:
    """What stands on the screen, line by line, without styles."""
    return ["".join(segment.text for segment in line).rstrip() for line in app.screen._compositor.render_strips()]


def text_of(app: App[Any]) -> str:
    """What stands on the screen."""
    return "\n".join(screen_lines(app))


def said(app: App[Any]) -> list[str]:
    """The toasts, oldest first."""
    return [note.message for note in app._notifications]
