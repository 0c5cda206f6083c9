"""The draft as JSON, for experts: read, written, checked as it is typed, and taken over into the draft."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static, TextArea

from console.frame.screen import FrameScreen
from console.rules.draft import PARTS, Document, is_document
from console.rules.editing import Editing, told
from widgets.composer import Composer
from widgets.plain import plain

REST = 0.3


class RawScreen(FrameScreen):
    """`RawScreen(editing)`."""

    family: ClassVar[str] = "raw_rules"
    heading: ClassVar[str] = "Rules as JSON"
    CSS_PATH = "rules.tcss"

    def __init__(self, editing: Editing) -> None:
        super().__init__()
        self.editing = editing
        self._timer: Timer | None = None

    def compose_body(self) -> ComposeResult:
        text = json.dumps(self.editing.draft.now, ensure_ascii=False, indent=2)
        title = f"{self.editing.label} as JSON"
        yield Composer(text, reply_title=title, hint="alt+enter takes it into the draft · esc leaves", id="main")
        yield Static(id="wrong", markup=False)

    def on_mount(self) -> None:
        """Agents read."""
        super().on_mount()
        if not self.editing.may_edit:
            self.query_one(Composer).refusal = "Reading only: changing rules needs the role admin."

    def read(self) -> Document | str:
        """The document that is written, or why it is none."""
        try:
            found: Any = json.loads(self.query_one(Composer).text)
        except (ValueError, RecursionError) as error:
            return f"This is no JSON yet: {error}"
        if not is_document(found) or set(found) != set(PARTS):
            return (
                "Wanted is an object with `settings` (an object) and `rules` (a list of objects), and nothing beside."
            )
        document: Document = found
        return document

    @on(TextArea.Changed)
    def _written_in(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        found = self.read()
        if isinstance(found, str):
            self._say([found])
            return
        self._timer = self.set_timer(REST, lambda: self._check(found))

    def _check(self, document: Document) -> None:
        api = self.editing.console.api

        def done(answer: Any) -> None:
            if self.is_attached:
                self._say([told(problem) for problem in answer["problems"]])

        self.console.calls.start(
            "check the draft",
            lambda: api.rules.check(self.editing.kind, document),
            done=done,
            group="check-raw",
            exclusive=True,
        )

    def _say(self, texts: list[str]) -> None:
        more = [f"… and {len(texts) - 4} more"] if len(texts) > 5 else []
        shown = [*texts[: 4 if more else 5], *more]
        self.query_one("#wrong", Static).update(Content("\n".join(plain(text) for text in shown)))

    def action_raw_keep(self) -> None:
        """Take it over."""
        self.query_one(Composer).action_submit()

    @on(Composer.Submitted)
    def _submitted(self) -> None:
        found = self.read()
        if isinstance(found, str):
            self.console.say(found, "warning")
            return
        self.editing.attempt(lambda: self.editing.draft.become(found))
        self.app.pop_screen()

    @on(Composer.Left)
    def _left(self) -> None:
        self.app.pop_screen()
