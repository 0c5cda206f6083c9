"""`Exchange`: a question, the answer as it streams, and what it was made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Markdown, Static
from textual.widgets.markdown import MarkdownStream

from console.copilot import words
from console.copilot.talk import Turn
from widgets.plain import plain

if TYPE_CHECKING:
    from console.app import ConsoleApp


class Exchange(Vertical):
    """One question and its answer. Links in it lead nowhere: what customers wrote may be among them."""

    DEFAULT_CSS: ClassVar[str] = """
    Exchange {
        height: auto;
        margin-bottom: 1;
        & .question { color: $accent; text-style: bold; }
        & .footing { color: $foreground-muted; }
        & Markdown { margin: 0; padding: 0 1; background: $background; }
    }
    """

    def __init__(self, turn: Turn) -> None:
        super().__init__()
        self.turn = turn
        self._stream: MarkdownStream | None = None
        self._written = 0

    @property
    def console(self) -> ConsoleApp:
        """The app, by its own type."""
        return self.app  # type: ignore[return-value]

    def compose(self) -> ComposeResult:
        self._written = len(self.turn.text)
        yield Static(Content(f"? {plain(self.turn.question)}"), classes="question", markup=False)
        yield Markdown(self.turn.text, open_links=False)
        yield Static(self._footing(), classes="footing", markup=False)

    def on_mount(self) -> None:
        """What came meanwhile."""
        self.came()

    def came(self) -> None:
        """Show what is new of it."""
        self.call_later(self._show)

    async def _show(self) -> None:
        text, answer = self.turn.text, self.query_one(Markdown)
        if len(text) < self._written:  # it is asked once more
            await self._end()
            await answer.update("")
            self._written = 0
        if fresh := text[self._written :]:
            self._written = len(text)
            self._stream = self._stream or Markdown.get_stream(answer)
            await self._stream.write(fresh)
        if self.turn.is_over:
            await self._end()
        self.query_one(".footing", Static).update(self._footing())

    async def _end(self) -> None:
        if self._stream is not None:
            stream, self._stream = self._stream, None
            await stream.stop()

    def _footing(self) -> Content:
        keys = {name: self.console.key_of(f"copilot_{name}") for name in ("insert", "do")}
        return Content("\n".join(words.footing(self.turn, **keys)))
