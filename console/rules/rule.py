"""One rule: label, condition as a tree, what follows, reason. What it says in words stands above, as it is typed."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static

from console.rules import forms, lines, tree
from console.rules.draft import Document, Draft, Path_, at
from console.rules.editing import Editing
from console.rules.workbench import Workbench
from widgets.outline import Outline
from widgets.plain import plain
from widgets.prompt import Choice, Option


class RuleScreen(Workbench):
    """`RuleScreen(editing, place)`: the rule at that place of the draft."""

    family: ClassVar[str] = "rule"
    heading: ClassVar[str] = "Rule"

    def __init__(self, editing: Editing, place: int) -> None:
        super().__init__()
        self.adopt(editing)
        self.place = place
        self._seen = (editing.draft.rules[place].get("id"), editing.draft.version)

    def compose_body(self) -> ComposeResult:
        yield Static(id="head", markup=False)
        yield Static(id="sentence", markup=False)
        yield Outline(id="main")

    def on_mount(self) -> None:
        """Show it."""
        super().on_mount()
        self.draw()
        self.go_to(self._first())

    def _first(self) -> Path_:
        """The first comparison, which is what most changes are about."""
        path: Path_ = ("rules", self.place, "when")
        while join := tree.join_of(at(self.at_hand.draft.now, path)):
            if not at(self.at_hand.draft.now, (*path, join)):
                break
            path = (*path, join, 0)
        return path

    def draw(self) -> None:
        """Head, sentence and lines. Where another version is in force the rule is found again; without it we leave."""
        rules = self.at_hand.draft.rules
        if not self._find():
            if self.app.screen is self:
                self.console.say("This rule is no longer there.", "warning")
                self.app.pop_screen()
            return
        self.show_head()
        group = str(rules[self.place].get("group"))
        rule_id = rules[self.place].get("id")
        warnings = [*self.at_hand.warnings(rule_id, group), *self.at_hand.warnings(None, group)]
        spans = [(plain(self.at_hand.sentence(self.place)), "bold")]
        spans += [(f"\n▲ {plain(warning)}", "$role-warning") for warning in warnings[:3]]
        self.query_one("#sentence", Static).update(Content.assemble(*spans))
        self.outline.show(lines.of_rule(self.at_hand, self.place))

    def _find(self) -> bool:
        """Keep to the rule when others moved it. Who changes its id here, or takes a step back, stays at its place."""
        draft, (id, version) = self.at_hand.draft, self._seen
        ids = [rule.get("id") for rule in draft.rules]
        if draft.version != version:
            if id not in ids:
                return False
            self.place = ids.index(id)
        if self.place >= len(ids):
            return False
        self._seen = (ids[self.place], draft.version)
        return True

    # -- changing

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Change what the cursor is on."""
        path = self.path
        if not path or not self.may_edit():
            return
        if tree.is_condition(path):
            self._change_condition(path)
        elif path[2] == "enabled":
            self.action_rule_switch()
        elif path[2] == "group":
            self._choose_group(path)
        elif path[2] == "then":
            group = self.at_hand.vocabulary["groups"][str(self.at_hand.draft.rules[self.place].get("group"))]
            fields = forms.fields_of(group["then"], (*path[:2], "then"))
            self.edit_field(next(field for field in fields if field.path == path))
        else:
            self.edit_text(path, str(path[2]))

    def _change_condition(self, path: Path_) -> None:
        editing = self.at_hand
        node = at(editing.draft.now, path)
        join = tree.join_of(node)
        if join is not None and node[join]:
            editing.attempt(lambda: tree.switch(editing.draft, path))
        elif isinstance(node, dict) and "not" in node:
            self.go_to((*path, "not"))
        else:
            leaf = node if isinstance(node, dict) and "fact" in node else {}

            def put(value: Any) -> Path_:
                editing.draft.put(path, value)
                return path

            self.edit_condition(path, leaf, lambda value: editing.draft.with_value(path, value), put)

    def _choose_group(self, path: Path_) -> None:
        def chosen(group: str | None) -> None:
            if group is not None:
                self.at_hand.attempt(lambda: self.at_hand.draft.put(path, group))

        groups = self.at_hand.vocabulary["groups"]
        options = [Option(name, name, shape["doc"]) for name, shape in groups.items()]
        self.app.push_screen(Choice("Group", options), chosen)

    def _spot(self) -> Path_:
        """The condition under the cursor, else the whole of it."""
        path = self.path
        return path if tree.is_condition(path) else ("rules", self.place, "when")

    def action_rule_add(self) -> None:
        """A condition into the group under the cursor, or after the condition there."""
        editing, path = self.at_hand, self._spot()

        def kept(value: Any) -> Document:
            trial = Draft(editing.kind, editing.draft.version, editing.draft.now)
            tree.add(trial, path, value)
            return trial.now

        def put(value: Any) -> Path_:
            if at(editing.draft.now, path) == {"all": []}:  # it held always: now it holds when this does
                editing.draft.put(path, value)
                return path
            return tree.add(editing.draft, path, value)

        self.edit_condition(path, {}, kept, put)

    def action_rule_group(self) -> None:
        """A group of its own around the condition under the cursor."""
        self._shape(tree.wrap)

    def action_rule_not(self) -> None:
        """Turn it round, or back."""
        self._shape(tree.negate)

    def action_rule_delete(self) -> None:
        """Take the condition away."""
        if tree.is_condition(self.path):
            self._shape(tree.remove)
        else:
            self.console.say("Conditions can be taken away here; the whole rule in the list of rules.", "warning")

    def _shape(self, change: Any) -> None:
        editing, path = self.at_hand, self._spot()
        if (to := editing.attempt(lambda: change(editing.draft, path))) is not None:
            self.go_to(to)

    def action_rule_switch(self) -> None:
        """All of or any of in a condition; elsewhere the whole rule on or off."""
        editing, path = self.at_hand, self.path
        if tree.is_condition(path):
            editing.attempt(lambda: tree.switch(editing.draft, path))
        else:
            is_on = editing.draft.rules[self.place].get("enabled", True)
            editing.attempt(lambda: editing.draft.put(("rules", self.place, "enabled"), not is_on))

    def action_rule_down(self) -> None:
        """Later in its group."""
        self._move(1)

    def action_rule_up(self) -> None:
        """Earlier in its group."""
        self._move(-1)

    def _move(self, by: int) -> None:
        editing, path = self.at_hand, self.path
        if tree.is_condition(path) and isinstance(path[-1], int):
            self.go_to(editing.attempt(lambda: editing.draft.move(path, by)) or path)
