"""One rule set: its rules as sentences in order, warnings where they arise, settings; every change goes into a draft."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.widgets import OptionList, Static

from console.rules import forms, lines
from console.rules.draft import new_id
from console.rules.editing import Editing
from console.rules.rule import RuleScreen
from console.rules.workbench import Workbench
from console.store import Update
from widgets.outline import Line, Outline
from widgets.prompt import Choice, Option


class RuleSetScreen(Workbench):
    """`RuleSetScreen(kind)`."""

    family: ClassVar[str] = "rule_set"
    heading: ClassVar[str] = "Rules"

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def compose_body(self) -> ComposeResult:
        yield Static(id="head", markup=False)
        yield Outline(id="main")

    def on_mount(self) -> None:
        """Read it, and follow what is published."""
        super().on_mount()
        self.query_one(Outline).show([Line("", "Reading the rules …")])
        self.listen("rules", self._published)
        self.listen("reset", lambda _: self._read_again())
        self.read()

    def on_screen_resume(self) -> None:
        """It may have been changed on another screen."""
        super().on_screen_resume()
        if self.editing is not None:
            self.draw()

    def read(self) -> None:
        """Ask for the set and for what its rules are made of."""
        api, kind = self.console.api, self.kind

        async def call() -> tuple[Mapping[str, Any], Mapping[str, Any]]:
            return await api.rules.show(kind), await api.rules.vocabulary(kind)

        def done(answer: tuple[Mapping[str, Any], Mapping[str, Any]]) -> None:
            if self.is_attached and self.editing is None:
                self.adopt(Editing(self.console, *answer))
                self._changed()

        def failed(error: Exception) -> None:
            if self.is_attached and self.editing is None:
                text = f"✗ The rules could not be read: {error}"
                self.outline.show([Line("", text), Line("", f"{self.console.key_of('retry')} tries again.")])

        self.console.calls.start("read the rules", call, done=done, failed=failed, group="rules-of")

    def _read_again(self) -> None:
        """The feed broke off: what is in force may be another version."""
        if self.editing is None:
            return
        api, editing = self.console.api, self.editing

        def done(state: Mapping[str, Any]) -> None:
            if state["version"] != editing.in_force["version"]:
                editing.published(state)
            elif editing.draft.is_changed:
                editing.look()

        self.console.calls.start("read the rules", lambda: api.rules.show(self.kind), done=done, group="rules-of")

    def _published(self, update: Update) -> None:
        state = (update.frame or {}).get("state")
        if self.editing is not None and update.id == self.kind and state:
            self.editing.published(state)

    def draw(self) -> None:
        """Head and lines."""
        self.show_head()
        self.outline.show(lines.of_rule_set(self.at_hand))

    # -- rules

    @property
    def place(self) -> int | None:
        """The place of the rule under the cursor."""
        path = self.path
        return path[1] if len(path) == 2 and path[0] == "rules" and isinstance(path[1], int) else None

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open the rule, or change the setting."""
        if self.place is not None:
            self.app.push_screen(RuleScreen(self.at_hand, self.place))
        elif self.path and self.may_edit():
            fields = forms.fields_of(self.at_hand.vocabulary["settings"], ("settings",))
            self.edit_field(next(field for field in fields if field.path == self.path))

    def action_rule_add(self) -> None:
        """A new rule below the one under the cursor; it holds always until it is told when."""
        groups = self.at_hand.vocabulary["groups"]
        here = None if self.place is None else str(self.at_hand.draft.rules[self.place].get("group"))
        only = next(iter(groups)) if len(groups) == 1 else None
        if (own := here if here in groups else only) is not None:
            self._add(own)
            return

        def chosen(group: str | None) -> None:
            if group is not None:
                self._add(group)

        options = [Option(name, name, shape["doc"]) for name, shape in groups.items()]
        self.app.push_screen(Choice("To which group?", options), chosen)

    def _add(self, group: str) -> None:
        editing = self.at_hand
        rule = {
            "id": new_id(editing.draft.rules, "new"),
            "label": "New rule",
            "group": group,
            "when": {"all": []},
            "then": copy.deepcopy(editing.vocabulary["groups"][group]["template"]),
            "text": "",
            "enabled": True,
        }
        place = len(editing.draft.rules) if self.place is None else self.place + 1
        editing.attempt(lambda: editing.draft.insert(("rules", place), rule))
        self.app.push_screen(RuleScreen(editing, place))

    def action_rule_copy(self) -> None:
        """The same once more, below."""
        editing, place = self.at_hand, self.place
        if place is None:
            return
        rule = copy.deepcopy(editing.draft.rules[place])
        id, label = str(rule.get("id", "")), rule.get("label", "")
        rule |= {"id": new_id(editing.draft.rules, id), "label": f"{label} (copy)"[:120]}
        editing.attempt(lambda: editing.draft.insert(("rules", place + 1), rule))
        self.go_to(("rules", place + 1))

    def action_rule_delete(self) -> None:
        """Take it out of the draft; `z` brings it back."""
        editing, place = self.at_hand, self.place
        if place is not None:
            label = editing.draft.rules[place].get("label")
            editing.attempt(lambda: editing.draft.take(("rules", place)))
            self.console.say(f"{label} is out of the draft; {self.console.key_of('undo')} brings it back.")

    def action_rule_down(self) -> None:
        """It is tried later."""
        self._move(1)

    def action_rule_up(self) -> None:
        """It is tried earlier."""
        self._move(-1)

    def _move(self, by: int) -> None:
        editing, place = self.at_hand, self.place
        if place is not None and (to := editing.attempt(lambda: editing.draft.move(("rules", place), by))):
            self.go_to(to)

    def action_rule_switch(self) -> None:
        """On or off."""
        editing, place = self.at_hand, self.place
        if place is not None:
            is_on = editing.draft.rules[place].get("enabled", True)
            editing.attempt(lambda: editing.draft.put(("rules", place, "enabled"), not is_on))

    def action_rule_versions(self) -> None:
        """The history of the set."""
        from console.rules.versions import VersionsScreen

        self.app.push_screen(VersionsScreen(self.kind, self.at_hand.label))

    def action_rule_raw(self) -> None:
        """The draft as JSON."""
        from console.rules.raw import RawScreen

        self.app.push_screen(RawScreen(self.at_hand))
