"""A document as YAML: read, written here or in the person's editor, checked as it is typed, kept with a reason."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from abc import abstractmethod
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from textual import on
from textual.app import ComposeResult, SuspendNotSupported
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static, TextArea

from console.frame.screen import FrameScreen
from console.retention import difference
from console.retention.words import Row
from console.rules.reason_prompt import ReasonPrompt
from console.twin import told
from widgets.composer import Composer
from widgets.plain import plain

REST = 0.3
"""Seconds without a key before the server is asked whether the text can be."""
SHOWN = 5
"""Lines of what is wrong."""


class YamlScreen(FrameScreen):
    """`subject` is what was read of the server: `name`, `number`, `version` and `yaml`.

    A subclass says in which words (`noun`, `after`), who may (:meth:`refused`), and calls the server.
    """

    CSS_PATH = Path(__file__).with_name("yaml_screen.tcss")  # else it is looked for beside the subclass
    noun = ""
    """What it is a document of."""
    after = ""
    """What it leads to once it is kept."""

    def __init__(self, subject: Row) -> None:
        super().__init__()
        self.subject = subject
        self.problems: list[Row] = []
        self._timer: Timer | None = None
        self._is_left = False

    # -- what a subclass says

    def refused(self) -> str:
        """Why the person may read only; empty when they may write."""
        return ""

    @abstractmethod
    def check(self, text: str) -> Awaitable[Any]:
        """Ask the server whether the text can be: an ApiError of status 400 or 422 tells what is wrong."""

    @abstractmethod
    def keep(self, text: str, reason: str, version: int) -> Awaitable[Any]:
        """Keep the text as the next document; what is read then."""

    def kept(self, answer: Row) -> str:
        """What to say once it is kept."""
        return f"Kept as document {answer['number']}."

    # -- the screen

    @property
    def heading(self) -> str:  # type: ignore[override]
        """What the header calls it."""
        return f"{self.noun.capitalize()} {self.subject['name']} as YAML"

    def compose_body(self) -> ComposeResult:
        title = f"{self.subject['name']}, document {self.subject['number']}"
        hint = "alt+enter keeps it as the next document · esc leaves"
        yield Composer(self.subject["yaml"], reply_title=title, hint=hint, id="main")
        yield Static(id="wrong", markup=False)

    def on_mount(self) -> None:
        """Who may not write reads."""
        super().on_mount()
        composer = self.query_one(Composer)
        composer.show_line_numbers = True
        composer.soft_wrap = False
        composer.indent_width = 2
        composer.tab_behavior = "indent"
        if why := self.refused():
            composer.refusal = f"Reading only: {why}"
        self._say_state()

    @property
    def text(self) -> str:
        """What is written."""
        return self.query_one(Composer).text

    @property
    def is_changed(self) -> bool:
        """Whether it is other than what was read."""
        return bool(self.text.rstrip() != self.subject["yaml"].rstrip())

    # -- checking

    @on(TextArea.Changed)
    def _written_in(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._is_left = False
        if not self.query_one(Composer).refusal:
            self._timer = self.set_timer(REST, self._check)

    def _check(self) -> None:
        text = self.text

        async def ask() -> list[Row]:
            from backend.client import ApiError

            try:
                await self.check(text)
            except ApiError as error:
                if error.status not in (400, 422):
                    raise
                return list(error.details.get("problems") or [{"line": None, "field": "", "reason": error.message}])
            return []

        def done(found: list[Row]) -> None:
            if self.is_attached and self.text == text:
                self.problems = found
                self._say_state()
                self.recheck()

        self.console.calls.start(f"check the {self.noun}", ask, done=done, group="check-yaml", exclusive=True)

    def _say_state(self) -> None:
        place = self.query_one("#wrong", Static)
        place.set_class(bool(self.problems), "-wrong")
        if self.problems:
            said = [_told(one) for one in self.problems]
            more = [f"… and {len(said) - SHOWN + 1} more"] if len(said) > SHOWN else []
            text = "\n".join([*said[: SHOWN - 1 if more else SHOWN], *more])
        elif self.is_changed:
            text = f"✓ It can be kept. {self.after}"
        else:
            text = "Nothing is changed."
        place.update(Content(plain_text(text)))

    # -- what can be done

    def verdicts(self) -> dict[str, str]:
        """What is wrong, or not changed, is not kept."""
        if not self.is_mounted:
            return {}
        if why := self.refused():
            return dict.fromkeys(("yaml_keep", "yaml_editor"), why)
        if self.problems:
            return {"yaml_keep": _told(self.problems[0])}
        return {} if self.is_changed else {"yaml_keep": "Nothing is changed."}

    def action_yaml_keep(self) -> None:
        """Keep it."""
        self.query_one(Composer).action_submit()

    @on(Composer.Submitted)
    def _submitted(self) -> None:
        if why := self.verdicts().get("yaml_keep"):
            self.console.say(f"Keep: {why}", "warning")
            return
        text = self.text
        lines = difference.lines_of(difference.between(self.subject["yaml"], text))
        title = f"Keep as document {self.subject['number'] + 1} of {self.subject['name']}"
        hint = "enter with a reason keeps it · esc goes on writing"
        self.app.push_screen(ReasonPrompt(title, lines, hint=hint), lambda reason: self._keep(text, reason))

    def _keep(self, text: str, reason: str | None) -> None:
        if reason is None:
            return
        why = reason

        def done(answer: Any) -> None:
            self.console.say(self.kept(told(answer)))
            if self.is_attached:
                self.app.pop_screen()

        def failed(error: Exception) -> None:
            if self.is_attached and (found := getattr(error, "details", {}).get("problems")):
                self.problems = found
                self._say_state()

        self.console.calls.start(
            f"keep the {self.noun}",
            lambda: self.keep(text, why, self.subject["version"]),
            done=done,
            failed=failed,
            again=lambda current: self.keep(text, why, current["version"]),
        )

    def action_yaml_editor(self) -> None:
        """Write in $EDITOR; what is there when it ends is taken over here."""
        editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
        composer = self.query_one(Composer)
        if composer.refusal:
            self.console.say(composer.refusal, "warning")
            return
        with tempfile.TemporaryDirectory(prefix="holdfast-") as folder:
            path = Path(folder) / f"{self.noun}.yaml"
            path.write_text(self.text, "utf-8")
            try:
                with self.app.suspend():
                    subprocess.run([*shlex.split(editor), str(path)], check=True)
            except SuspendNotSupported:
                self.console.say("This terminal cannot be lent to an editor.", "warning")
                return
            except (OSError, subprocess.CalledProcessError) as error:
                self.console.say(f"{editor} did not come to a good end: {error}. Nothing was taken over.", "warning")
                return
            composer.load_text(path.read_text("utf-8", errors="replace"))

    @on(Composer.Left)
    def _left(self) -> None:
        if self.is_changed and not self._is_left and not self.query_one(Composer).refusal:
            self._is_left = True
            self.console.say("What is written is not kept. esc again leaves it.", "warning")
            return
        self.app.pop_screen()

    def action_back(self) -> None:
        """As from inside the text."""
        self._left()


def _told(problem: Row) -> str:
    line = f"line {problem['line']}: " if problem.get("line") else ""
    field = f"{problem['field']}: " if problem.get("field") else ""
    return f"✗ {line}{field}{problem['reason']}"


def plain_text(text: str) -> str:
    """Several lines, each cleaned."""
    return "\n".join(plain(line) for line in text.split("\n"))
