"""One rule set being edited: its draft, what the server says of it, and what became of the version it was begun on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from textual.timer import Timer

from console.rules import conditions
from console.rules.draft import PARTS, Document, Draft, Path_, said

if TYPE_CHECKING:
    from console.app import ConsoleApp

REST = 0.15
"""Seconds after a change until the server is asked about the draft."""

UNTOUCHED: dict[str, Any] = {"problems": [], "changes": []}


class Editing:
    """Shared by the screens of one rule set. `on_change` is called when the draft or what is known of it changed."""

    def __init__(self, console: ConsoleApp, state: Mapping[str, Any], vocabulary: Mapping[str, Any]) -> None:
        assert console.session is not None, "edited while signed in"
        self.console, self.vocabulary = console, vocabulary
        self.kind: str = state["kind"]
        self.in_force = state
        self.catalogue = conditions.catalogue_of(vocabulary)
        self.currency = console.session.me.business.currency
        self.may_edit = console.role in ("admin", "owner")
        folder = console.session.folder / "rules"
        self.draft = Draft.kept(folder, self.kind, state["version"], state)
        self.checked: Mapping[str, Any] = {**UNTOUCHED, "words": state["words"], "findings": state["findings"]}
        self.on_change: list[Callable[[], None]] = []
        self._timer: Timer | None = None
        if self.draft.is_changed:
            self.look()
        elif self.draft.version != state["version"]:
            self.draft = Draft(self.kind, state["version"], state, self.draft.path)

    @property
    def label(self) -> str:
        """What the set is called."""
        return str(self.in_force["label"])

    @property
    def is_stale(self) -> bool:
        """Whether somebody published since the draft was begun."""
        return bool(self.draft.version != self.in_force["version"])

    # -- changing

    def changed(self) -> None:
        """Tell the screens, and ask the server soon."""
        self._tell()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.console.set_timer(REST, self.look)

    def attempt(self, change: Callable[[], Any]) -> Any:
        """Change the draft; a disk that refuses is told of, and the draft goes on."""
        with self.console.guard("keep the draft on disk"):
            answer = change()
            self.changed()
            return answer
        self.changed()
        return None

    def look(self) -> None:
        """Ask the server what it thinks of the draft; offline it is asked when it is back."""
        if not self.may_edit or not self.console.is_online:
            return
        api, document = self.console.api, self.draft.now

        def done(answer: Mapping[str, Any]) -> None:
            if document is self.draft.now:
                self.checked = answer
                self._tell()

        self.console.calls.start(
            "check the draft", lambda: api.rules.check(self.kind, document), done=done, group="check", exclusive=True
        )

    async def consider(self, document: Document, place: int | None) -> tuple[str, bool]:
        """What a document would say and be refused for, seen from one rule (None: from the settings)."""
        from backend.client import ApiError, Offline

        try:
            answer = await self.console.api.rules.check(self.kind, document)
        except (ApiError, Offline) as error:
            return f"The server could not be asked: {error}", False
        if answer["problems"]:
            return "\n".join(told(problem) for problem in answer["problems"][:3]), False
        words = [answer["words"][place]] if place is not None else []
        return "\n".join(
            [*words, *(f"▲ {warning}" for warning in answer["warnings"][:4])]
        ) or "Nothing speaks against it.", True

    def _tell(self) -> None:
        for listener in tuple(self.on_change):
            listener()

    # -- what is known

    def problems(self, path: Path_, *, below: bool = True) -> list[str]:
        """What is wrong at a path; with `below`, inside of it too."""
        where = said(path)
        found = []
        for problem in self.checked["problems"]:
            field = problem["field"]
            inside = field.startswith((f"{where}.", f"{where}["))
            if field == where or (below and inside):
                found.append(told(problem, field.removeprefix(where).lstrip(".")))
        return found

    def warnings(self, rule_id: str | None, group: str) -> list[str]:
        """Warnings that name a rule; None: those that name no rule of the group."""
        return [
            finding["text"]
            for finding in self.checked["findings"]
            if (rule_id in finding["rules"] if rule_id else not finding["rules"] and finding["group"] == group)
        ]

    def sentence(self, place: int) -> str:
        """A rule in words, as the server says it; its label while it cannot be read."""
        words = self.checked["words"]
        found = words[place] if place < len(words) else None
        return str(found or self.draft.rules[place].get("label") or "a rule without a name")

    # -- what others do

    def published(self, state: Mapping[str, Any]) -> None:
        """Another version is in force. A draft stays; without one, the screen follows."""
        was_changed = self.draft.is_changed
        self.in_force = state
        same = {part: state[part] for part in PARTS} == self.draft.now
        if not was_changed or same:
            self._begin_anew()
        else:
            self.changed()

    def settled(self, state: Mapping[str, Any], document: Document) -> None:
        """The draft was published when it said `document`. The server writes some things otherwise (what was left out, a
        tab): that is no change of ours. What was changed while it was on its way is a draft still."""
        if self.draft.now is document:
            self.in_force = state
            self._begin_anew()
        else:
            self.published(state)

    def _begin_anew(self) -> None:
        state = self.in_force
        self.draft = Draft(self.kind, state["version"], state, self.draft.path)
        self.draft.keep()
        self.checked = {**UNTOUCHED, "words": state["words"], "findings": state["findings"]}
        self._tell()

    def discard(self) -> None:
        """Begin again from what is in force."""
        self.draft.become({part: self.in_force[part] for part in PARTS})
        self.draft.rebase(self.in_force["version"], self.in_force)
        self.changed()


def told(problem: Mapping[str, Any], at: str | None = None) -> str:
    """A problem in one line."""
    place = problem["field"] if at is None else at
    hint = f" ({problem['hint']})" if problem.get("hint") else ""
    return f"✗ {f'{place}: ' if place else ''}{problem['reason']}{hint}"
