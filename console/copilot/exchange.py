"""`Exchange`: a question, the answer as it streams, and what it was made of."""

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Markdown, Static
from textual.widgets.markdown import MarkdownStream

from console.copilot import words
from widgets.plain import plain, writable

Row = Mapping[str, Any]


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

    def __init__(self, question: str) -> None:
        super().__init__()
        self._asked = question
        self._stream: MarkdownStream | None = None
        self.calls: list[Row] = []
        self.citations: list[Row] = []
        self.proposals: list[Row] = []

    def compose(self) -> ComposeResult:
        yield Static(Content(f"? {plain(self._asked)}"), classes="question", markup=False)
        yield Markdown(open_links=False)
        yield Static(classes="footing", markup=False)

    async def take(self, part: Row) -> None:
        """Show one more part of the answer."""
        match part["type"]:
            case "text":
                await self._write(str(part["text"]))
            case "tool":
                self.calls.append(part)
            case "citation":
                self.citations.append(part)
            case "proposal":
                self.proposals.append(part)
            case "error":
                await self._write(f"\n\n**✗ {part['message']}**")
        if part["type"] not in ("text", "start"):
            self.show_footing()

    async def _write(self, text: str) -> None:
        if self._stream is None:
            self._stream = Markdown.get_stream(self.query_one(Markdown))
        await self._stream.write(writable(text))

    async def end(self) -> None:
        """Nothing more comes."""
        if self._stream is not None:
            stream, self._stream = self._stream, None
            await stream.stop()

    def show_footing(self) -> None:
        """Tools, documents and proposals as they are now."""
        lines = words.footing(self.calls, self.citations, self.proposals)
        self.query_one(".footing", Static).update(Content("\n".join(lines)))
