"""The rule sets: each with its version and who published it; beside it what it says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import OptionList

from console.frame.screen import FrameScreen
from console.frame.topic import Topic
from console.rules import lines
from console.rules.rule_set import RuleSetScreen
from console.store import Update
from widgets.outline import Line, Outline
from widgets.panel import Panel

WIDE = 110
"""Columns from which on there is room for what the set under the cursor says."""


class RulesScreen(FrameScreen):
    """The list of sets."""

    family: ClassVar[str] = "rules"
    heading: ClassVar[str] = "Rules"
    CSS_PATH = "rules.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._sets: list[Mapping[str, Any]] = []
        self._read: dict[str, Mapping[str, Any]] = {}

    def compose_body(self) -> ComposeResult:
        with Horizontal():
            yield Outline(id="main")
            yield Panel(id="says")

    def on_mount(self) -> None:
        """Read them, and again whenever one is published."""
        super().on_mount()
        self.query_one(Outline).show([Line("", "Reading the rules …")])
        self.listen("rules", self._published)
        self.listen("reset", lambda _: self.read())
        self.read()

    def on_screen_resume(self) -> None:
        """Drafts may have come and gone."""
        super().on_screen_resume()
        if self._sets:
            self._show()

    def on_resize(self) -> None:
        """Beside the list only where there is room."""
        self.query_one("#says").display = self.room >= WIDE

    def topic(self) -> Topic:
        """The rule set under the cursor."""
        kind = self.query_one(Outline).key if self.is_mounted else ""
        return Topic(f"the rules of {kind}", rule_set=kind) if kind else Topic()

    def read(self) -> None:
        """Ask for the list."""
        api = self.console.api

        def done(answer: Mapping[str, Any]) -> None:
            self._sets = answer["items"]
            if self.is_attached:
                self._show()

        def failed(error: Exception) -> None:
            if self.is_attached and not self._sets:
                text = f"✗ The rules could not be read: {error}"
                self.query_one(Outline).show([Line("", text), Line("", f"{self.console.key_of('retry')} tries again.")])

        self.console.calls.start("read the rules", api.rules.list, done=done, failed=failed, group="rules")

    def _published(self, update: Update) -> None:
        state = (update.frame or {}).get("state")
        if state:
            self._read[update.id] = state
        self.read()

    def _show(self) -> None:
        session = self.console.session
        assert session is not None
        folder = session.folder / "rules"
        drafts = frozenset(path.stem for path in folder.glob("*.json")) if folder.is_dir() else frozenset[str]()
        self.query_one(Outline).show(lines.of_sets(self._sets, drafts, self._name_of, self.console.now()))
        self._show_set()

    def _name_of(self, member_id: str | None) -> str:
        member = self.store.members.get(member_id or "")
        return str(member["name"]) if member else "somebody"

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show what the set says."""
        self._show_set()
        self.recheck()

    def _show_set(self) -> None:
        kind, panel = self.query_one(Outline).key, self.query_one("#says", Panel)
        if not kind or not panel.display:
            return
        state = self._read.get(kind)
        version = next((one["version"] for one in self._sets if one["kind"] == kind), 0)
        if state is None or state["version"] < version:
            self._fetch(kind)
            return
        told: list[Any] = [*state["words"], *([(f"▲ {warning}", "warning")] for warning in state["warnings"])]
        spaced = [line for words in told for line in (words, "")]
        panel.show((), spaced, title=f"{state['label']} · version {state['version']}")

    def _fetch(self, kind: str) -> None:
        api = self.console.api

        def done(state: Mapping[str, Any]) -> None:
            self._read[kind] = state
            if self.is_attached:
                self._show_set()

        self.console.calls.start(
            "read the rules", lambda: api.rules.show(kind), done=done, group="rules-of", exclusive=True
        )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open it."""
        if event.option_id:
            self.app.push_screen(RuleSetScreen(event.option_id))

    def action_rule_versions(self) -> None:
        """The history of the set under the cursor."""
        from console.rules.versions import VersionsScreen

        kind = self.query_one(Outline).key
        one = next((one for one in self._sets if one["kind"] == kind), None)
        if one is not None:
            self.app.push_screen(VersionsScreen(kind, one["label"]))
