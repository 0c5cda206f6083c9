"""The versions of a rule set: who, when, why; what each changed of the one before; and putting an old one back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.widgets import OptionList

from console.desk import ages
from console.frame.screen import FrameScreen
from console.rules import lines
from console.rules.reason_prompt import ReasonPrompt
from widgets.outline import Line, Outline
from widgets.panel import Panel


class VersionsScreen(FrameScreen):
    """`VersionsScreen(kind, label)`."""

    family: ClassVar[str] = "versions"
    heading: ClassVar[str] = "Versions"
    CSS_PATH = "rules.tcss"

    def __init__(self, kind: str, label: str) -> None:
        super().__init__()
        self.kind, self.label = kind, label
        self._versions: list[Mapping[str, Any]] = []
        self._changes: dict[int, list[Mapping[str, Any]]] = {}

    def compose_body(self) -> ComposeResult:
        yield Outline(id="main")
        yield Panel(id="says")

    def on_mount(self) -> None:
        """Read them, and again whenever there is another."""
        super().on_mount()
        self.listen("rules", lambda update: self.read() if update.id == self.kind else None)
        self.read()

    def read(self) -> None:
        """Ask for the list."""
        api = self.console.api

        def done(answer: Mapping[str, Any]) -> None:
            if self.is_attached:
                self._versions = answer["items"]
                self._show()

        def failed(error: Exception) -> None:
            if self.is_attached and not self._versions:
                self.query_one(Outline).show([Line("", f"✗ The versions could not be read: {error}")])

        self.console.calls.start("read the versions", lambda: api.rules.versions(self.kind), done=done, failed=failed)

    def _show(self) -> None:
        newest = self._versions[0]["version"]
        self.query_one(Outline).show([self._line(one, one["version"] == newest) for one in self._versions])
        self._show_changes()

    def _line(self, one: Mapping[str, Any], is_newest: bool) -> Line:
        member = self.store.members.get(one["publishedBy"] or "")
        who = str(member["name"]) if member else "Holdfast" if one["publishedBy"] is None else "somebody"
        when = ages.local(one["publishedAt"], self.console.now()) if one["publishedAt"] else "at the beginning"
        words = [(f"{when:<18}", "muted"), (f"{who}: ", "agent"), (str(one["reason"]), "")]
        return Line(
            str(one["version"]),
            f"version {one['version']}",
            [*words, ("  in force", "ok bold")][: 4 if is_newest else 3],
            width=12,
        )

    @property
    def version(self) -> int:
        """The version under the cursor."""
        key = self.query_one(Outline).key
        return int(key) if key else 0

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show what it changed."""
        self._show_changes()
        self.recheck()

    def _show_changes(self) -> None:
        version, panel = self.version, self.query_one("#says", Panel)
        if version == 0:
            return
        if version == 1:
            panel.show((), [[("The rules as they are shipped.", "muted")]], title=f"{self.label} · version 1")
        elif version in self._changes:
            title = f"What version {version} changed of version {version - 1}"
            panel.show((), lines.of_changes(self._changes[version]), title=title)
        else:
            self._fetch(version)

    def _fetch(self, version: int) -> None:
        api = self.console.api

        def done(answer: Mapping[str, Any]) -> None:
            self._changes[version] = answer["changes"]
            if self.is_attached:
                self._show_changes()

        self.console.calls.start(
            "compare the versions",
            lambda: api.rules.diff(self.kind, version - 1, version),
            done=done,
            group="compare",
            exclusive=True,
        )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """What the rules said in that version."""
        api, version = self.console.api, self.version

        def done(state: Mapping[str, Any]) -> None:
            if self.is_attached:
                spaced = [line for words in state["words"] for line in (words, "")]
                self.query_one("#says", Panel).show((), spaced, title=f"{self.label} · what version {version} says")

        self.console.calls.start("read the version", lambda: api.rules.version(self.kind, version), done=done)

    def verdicts(self) -> Mapping[str, str]:
        """What is in force needs no putting back."""
        is_newest = bool(self._versions) and self.version == self._versions[0]["version"]
        return {"roll_back": f"Version {self.version} is in force."} if is_newest else {}

    def action_roll_back(self) -> None:
        """Show what going back would change, ask why, and publish the old version as the next one."""
        api, to, newest = self.console.api, self.version, self._versions[0]["version"]

        def done(answer: Mapping[str, Any]) -> None:
            title = f"Put version {to} of {self.label.lower()} in force again, as version {newest + 1}"
            self.app.push_screen(ReasonPrompt(title, lines.of_changes(answer["changes"])), restore)

        def restore(reason: str | None) -> None:
            if reason is not None:
                what = f"put version {to} in force again"
                self.console.calls.start(what, lambda: api.rules.rollback(self.kind, newest, to, reason))

        self.console.calls.start("compare the versions", lambda: api.rules.diff(self.kind, newest, to), done=done)
