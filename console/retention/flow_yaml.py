"""A flow's document as YAML: read, written here or in the person's editor, checked as it is typed, kept with a reason."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import Any, ClassVar

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


class FlowYamlScreen(FrameScreen):
    """`FlowYamlScreen(flow)`, a flow as it was read, with its `yaml`."""

    family: ClassVar[str] = "flow_yaml"
    CSS_PATH = "flow.tcss"

    def __init__(self, flow: Row) -> None:
        super().__init__()
        self.flow = flow
        self.problems: list[Row] = []
        self._timer: Timer | None = None
        self._is_left = False

    @property
    def heading(self) -> str:  # type: ignore[override]
        """What the header calls it."""
        return f"Flow {self.flow['name']} as YAML"

    def compose_body(self) -> ComposeResult:
        title = f"{self.flow['name']}, document {self.flow['number']}"
        hint = "alt+enter keeps it as the next document · esc leaves"
        yield Composer(self.flow["yaml"], reply_title=title, hint=hint, id="main")
        yield Static(id="wrong", markup=False)

    def on_mount(self) -> None:
        """Agents read."""
        super().on_mount()
        composer = self.query_one(Composer)
        composer.show_line_numbers = True
        composer.soft_wrap = False
        composer.indent_width = 2
        composer.tab_behavior = "indent"
        if self.console.role not in ("admin", "owner"):
            composer.refusal = "Reading only: changing flows needs the role admin."
        self._say_state()

    @property
    def text(self) -> str:
        """What is written."""
        return self.query_one(Composer).text

    @property
    def is_changed(self) -> bool:
        """Whether it is other than what was read."""
        return bool(self.text.rstrip() != self.flow["yaml"].rstrip())

    # -- checking

    @on(TextArea.Changed)
    def _written_in(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._is_left = False
        if not self.query_one(Composer).refusal:
            self._timer = self.set_timer(REST, self._check)

    def _check(self) -> None:
        from backend.retention.flow_schemas import FlowTrial

        api, text = self.console.api, self.text

        async def ask() -> list[Row]:
            from backend.client import ApiError

            try:
                await api.flows.dry_run(self.flow["flowId"], FlowTrial(yaml=text, days=1, limit=1))
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

        self.console.calls.start("check the flow", ask, done=done, group="check-flow", exclusive=True)

    def _say_state(self) -> None:
        place = self.query_one("#wrong", Static)
        place.set_class(bool(self.problems), "-wrong")
        if self.problems:
            said = [_told(one) for one in self.problems]
            more = [f"… and {len(said) - SHOWN + 1} more"] if len(said) > SHOWN else []
            text = "\n".join([*said[: SHOWN - 1 if more else SHOWN], *more])
        elif self.is_changed:
            text = "✓ It can be kept. Customers meet it once it is activated."
        else:
            text = "Nothing is changed."
        place.update(Content(plain_text(text)))

    # -- what can be done

    def verdicts(self) -> dict[str, str]:
        """What is wrong, or not changed, is not kept."""
        if not self.is_mounted:
            return {}
        if self.problems:
            return dict.fromkeys(("flow_keep", "flow_try"), _told(self.problems[0]))
        return {} if self.is_changed else {"flow_keep": "Nothing is changed."}

    def action_flow_keep(self) -> None:
        """Keep it."""
        self.query_one(Composer).action_submit()

    @on(Composer.Submitted)
    def _submitted(self) -> None:
        if why := self.verdicts().get("flow_keep"):
            self.console.say(f"Keep: {why}", "warning")
            return
        text = self.text
        lines = difference.lines_of(difference.between(self.flow["yaml"], text))
        title = f"Keep as document {self.flow['number'] + 1} of {self.flow['name']}"
        hint = "enter with a reason keeps it; customers meet it once it is activated · esc goes on writing"
        self.app.push_screen(ReasonPrompt(title, lines, hint=hint), lambda reason: self._keep(text, reason))

    def _keep(self, text: str, reason: str | None) -> None:
        if reason is None:
            return
        from backend.retention.flow_schemas import FlowChange

        api, body = self.console.api, FlowChange(version=self.flow["version"], yaml=text, reason=reason)

        def done(answer: Any) -> None:
            kept = told(answer)
            key = self.console.key_of("flow_activate")
            self.console.say(f"Kept as document {kept['number']}. {key} puts it before customers.")
            if self.is_attached:
                self.app.pop_screen()

        def again(current: Row) -> Any:
            return api.flows.change(self.flow["flowId"], body.model_copy(update={"version": current["version"]}))

        def failed(error: Exception) -> None:
            if self.is_attached and (found := getattr(error, "details", {}).get("problems")):
                self.problems = found
                self._say_state()

        self.console.calls.start(
            "keep the flow", lambda: api.flows.change(self.flow["flowId"], body), done=done, failed=failed, again=again
        )

    def action_flow_try(self) -> None:
        """What is written, on the last month's runs."""
        from console.retention.flow_trial import FlowTrialScreen

        self.app.push_screen(FlowTrialScreen(self.flow, self.text))

    def action_flow_editor(self) -> None:
        """Write in $EDITOR; what is there when it ends is taken over here."""
        editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
        composer = self.query_one(Composer)
        if composer.refusal:
            self.console.say(composer.refusal, "warning")
            return
        with tempfile.TemporaryDirectory(prefix="holdfast-") as folder:
            path = Path(folder) / "flow.yaml"
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
