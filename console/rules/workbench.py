"""What the screens share on which a draft is changed: typing a value, taking back, trying on the past, publishing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from textual.widgets import Static

from console.frame.screen import FrameScreen
from console.frame.topic import Topic
from console.rules import conditions, forms, lines
from console.rules.draft import Document, Path_, at
from console.rules.editing import Editing
from console.rules.reading import Reading
from console.rules.reason_prompt import ReasonPrompt
from console.rules.typing_prompt import Typed, TypingPrompt
from widgets.outline import Outline
from widgets.prompt import Choice, Option


class Workbench(FrameScreen):
    """A screen over an :class:`Editing`. A subclass has an Outline whose keys are paths, and draws in :meth:`draw`."""

    CSS_PATH = "rules.tcss"
    editing: Editing | None = None

    @property
    def at_hand(self) -> Editing:
        """The set that is edited; there once it is read."""
        assert self.editing is not None, "asked for after it was read"
        return self.editing

    def topic(self) -> Topic:
        """The rule set."""
        kind = self.editing.kind if self.editing is not None else ""
        return Topic(f"the rules of {kind}", rule_set=kind) if kind else Topic()

    def adopt(self, editing: Editing) -> None:
        """Follow it for as long as the screen is there."""
        self.editing = editing
        editing.on_change.append(self._changed)

    def on_unmount(self) -> None:
        """Follow no more."""
        super().on_unmount()
        if self.editing is not None and self._changed in self.editing.on_change:
            self.editing.on_change.remove(self._changed)

    def _changed(self) -> None:
        if self.is_attached:
            self.draw()
            self.recheck()

    def draw(self) -> None:
        """Show what there is."""

    @property
    def outline(self) -> Outline:
        """The lines."""
        return self.query_one(Outline)

    @property
    def path(self) -> Path_:
        """What the cursor is on; () when on nothing."""
        return lines.path_of(self.outline.key) if self.outline.key else ()

    def go_to(self, path: Path_) -> None:
        """Put the cursor there."""
        self.outline.move_to(lines.key_of(path))

    def verdicts(self) -> Mapping[str, str]:
        """What cannot be done before the set is read, and what needs a change first."""
        if self.editing is None:
            return dict.fromkeys(
                ("rule_publish", "rule_try", "rule_discard", "rule_raw"), "The rules are not here yet."
            )
        problems = self.editing.checked["problems"]
        why = f"{problems[0]['field']} {problems[0]['reason']}" if problems else ""
        unchanged = "" if self.editing.draft.is_changed else "Nothing is changed."
        told = {"rule_publish": why or unchanged, "rule_try": why or unchanged, "rule_discard": unchanged}
        return {id: why for id, why in told.items() if why}

    def may_edit(self) -> bool:
        """Whether the draft may be changed; says why not."""
        if not self.at_hand.may_edit:
            self.console.say(f"This needs the role admin; yours is {self.console.role}.", "warning")
        return self.at_hand.may_edit

    # -- values

    def edit_field(self, field: forms.Field) -> None:
        """Type or choose the value of a field of a form."""
        document = self.at_hand.draft.now
        whole = None if field.whole is None else at(document, field.whole)
        value = at(document, field.path)
        if field.kind == "choice" and field.whole is None:
            self._choose(field, value)
            return
        text = "none" if field.whole is not None and whole is None else forms.typed(field, value)
        self._type(
            field.label, text, forms.reader(field), forms.completer(field), lambda found: _with(self, field, found)
        )

    def _choose(self, field: forms.Field, value: Any) -> None:
        def chosen(key: str | None) -> None:
            if key is not None:
                self.at_hand.attempt(lambda: self.at_hand.draft.put(field.path, key))

        options = [Option(one, one, "now" if one == value else "") for one in field.choices]
        self.app.push_screen(Choice(field.label, options), chosen)

    def edit_text(self, path: Path_, label: str) -> None:
        """Type a text."""
        text = str(at(self.at_hand.draft.now, path) or "")
        self._type(
            label, text, lambda typed: Reading(typed.strip(), said=""), lambda _: (),
            lambda value: self.at_hand.draft.with_value(path, value),
        )  # fmt: skip

    def edit_condition(
        self, path: Path_, leaf: Mapping[str, Any], keep: Callable[[Any], Document], then: Callable[[Any], Path_]
    ) -> None:
        """Type a comparison; `keep` is the document with it, `then` puts it in and says where the cursor goes."""
        editing = self.at_hand
        self._type(
            "Condition",
            conditions.typed(leaf) if leaf else "",
            conditions.reader(editing.catalogue, editing.currency),
            conditions.completer(editing.catalogue),
            keep,
            then,
            hint="fact operator value, such as order_value < 25000",
        )

    def _type(
        self,
        label: str,
        text: str,
        read: Callable[[str], Reading],
        complete: Callable[[str], Sequence[Option]],
        keep: Callable[[Any], Document],
        then: Callable[[Any], Path_] | None = None,
        hint: str = "",
    ) -> None:
        editing, path = self.at_hand, self.path
        place = path[1] if len(path) > 1 and path[0] == "rules" and isinstance(path[1], int) else None

        async def consider(value: Any) -> tuple[str, bool]:
            return await editing.consider(keep(value), place)

        def typed(answer: Typed | None) -> None:
            if answer is None:
                return
            if then is None:
                editing.attempt(lambda: editing.draft.become(keep(answer.value)))
            elif (to := editing.attempt(lambda: then(answer.value))) is not None:
                self.go_to(to)

        prompt = TypingPrompt(label.capitalize(), text, read, complete=complete, consider=consider, hint=hint)
        self.app.push_screen(prompt, typed)

    # -- the draft as a whole

    def action_undo(self) -> None:
        """Take the last step of the draft back."""
        self._step(self.at_hand.draft.undo, "There is nothing to take back in this draft.")

    def action_redo(self) -> None:
        """Take it again."""
        self._step(self.at_hand.draft.redo, "Nothing was taken back in this draft.")

    def _step(self, step: Callable[[], bool], otherwise: str) -> None:
        if not self.at_hand.attempt(step):
            self.console.say(otherwise)

    def action_rule_discard(self) -> None:
        """Throw the draft away."""
        self.at_hand.attempt(self.at_hand.discard)

    def action_rule_try(self) -> None:
        """Try the draft on the past."""
        from console.rules.trial import TrialScreen

        self.app.push_screen(TrialScreen(self.at_hand))

    def action_rule_publish(self) -> None:
        """Show what the draft changes of what is in force now, ask why, and publish."""
        editing, api = self.at_hand, self.console.api
        document, begun = editing.draft.now, editing.draft.version

        async def looked() -> tuple[Any, Any]:
            checked = await api.rules.check(editing.kind, document)
            now = checked["version"]
            others = await api.rules.diff(editing.kind, begun, now) if now != begun else {"changes": []}
            return checked, others["changes"]

        def done(answer: tuple[Any, Any]) -> None:
            checked, others = answer
            told: list[Any] = []
            if others:
                told = [[(f"Meanwhile version {checked['version']} was published, which changed:", "warning bold")]]
                told += [*lines.of_changes(others), "", [("Yours in its place would change:", "bold")]]
            told += lines.of_changes(checked["changes"])
            told += [[(f"▲ {warning}", "warning")] for warning in checked["warnings"]]
            title = f"Publish {editing.label.lower()} as version {checked['version'] + 1}"
            self.app.push_screen(ReasonPrompt(title, told), lambda reason: self._publish(reason, checked["version"]))

        self.console.calls.start("look at the draft", looked, done=done, group="publish", exclusive=True)

    def _publish(self, reason: str | None, version: int) -> None:
        if reason is None:
            return
        editing, api = self.at_hand, self.console.api
        document = editing.draft.now
        body = {**document, "version": version, "reason": reason}

        def failed(error: Exception) -> None:
            current = getattr(error, "details", {}).get("current")
            if (
                isinstance(current, dict) and current.get("kind") == editing.kind
            ):  # somebody was faster: it stays a draft
                editing.published(current)

        self.console.calls.start(
            f"publish the {editing.label.lower()} rules",
            lambda: api.rules.publish(editing.kind, body),
            done=lambda state: editing.settled(state, document),
            failed=failed,
            group="publish",
        )

    def show_head(self) -> None:
        """The set, its version, and how the draft stands to it."""
        self.query_one("#head", Static).update(head_of(self.at_hand))


def _with(bench: Workbench, field: forms.Field, value: Any) -> Document:
    """The document with a field's value; `none` empties the object that holds it, a value makes it again."""
    draft = bench.at_hand.draft
    if field.whole is None or field.whole == field.path:
        return draft.with_value(field.path, value)
    if value is None:
        return draft.with_value(field.whole, None)
    known = at(draft.now, field.whole) or {}
    return draft.with_value(field.whole, {**known, field.path[-1]: value})


def head_of(editing: Editing) -> Any:
    """Two lines: what is in force, and what is drafted."""
    from textual.content import Content

    from widgets.plain import plain

    draft, changes = editing.draft, len(editing.checked["changes"])
    first = [(plain(editing.label), "bold"), (f"  version {editing.in_force['version']} is in force", "$role-muted")]
    if not editing.may_edit:
        second = [("Reading only: changing rules needs the role admin.", "$role-muted")]
    elif problems := editing.checked["problems"]:
        number = len(problems)
        second = [(f"✎ draft of version {draft.version} · ✗ {number} to put right", "$role-danger")]
    elif draft.is_changed:
        stale = f" · version {editing.in_force['version']} was published meanwhile" if editing.is_stale else ""
        role = "$role-warning" if stale else "$role-draft"
        second = [
            (
                f"✎ draft of version {draft.version}: {changes or 'some'} changed{stale} · t tries it, P publishes it",
                role,
            )
        ]
    else:
        second = [("Nothing is changed. What you change is a draft until you publish it.", "$role-muted")]
    return Content.assemble(*first, ("\n", ""), *second)
