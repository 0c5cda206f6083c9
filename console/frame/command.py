"""The `:` command line: verbs and names completed, history, what is wrong told in words."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import ClassVar, Protocol

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from console import actions
from console.actions import Action
from console.frame.choices import Values, complete, resolve
from widgets.entry import Entry
from widgets.plain import plain


class History(Protocol):
    """Where lines are kept."""

    lines: list[str]

    def add(self, line: str) -> None:
        """Keep a line."""


def read(line: str, screen: str, values: Values) -> tuple[Action, str] | str:
    """(action, value of its argument) for a line, or in a sentence why not."""
    verb, _, rest = line.strip().removeprefix(":").partition(" ")
    action = actions.named(verb, screen)
    if action is None:
        return _unknown(verb, screen)
    if action.argument is None:
        return f":{action.name} takes nothing after it." if rest.strip() else (action, "")
    value, problem = resolve(action.argument, rest, values)
    return problem or (action, value)


def _unknown(verb: str, screen: str) -> str:
    near = [action.name for action in actions.on(screen) if action.name.startswith(verb.lower())]
    if near:
        return f":{verb} could be {', '.join(near[:6])}."
    if any(action.name == verb.lower() for action in actions.ACTIONS):
        return f":{verb} is not on this screen."
    meant = get_close_matches(verb.lower(), [action.name for action in actions.on(screen)], 1)
    rest = f"Did you mean :{meant[0]}?" if meant else "Tab lists what there is; ? shows the keys."
    return f"There is no :{verb}. {rest}"


def completions(line: str, screen: str, values: Values) -> list[str]:
    """The lines that a line could become."""
    verb, space, rest = line.partition(" ")
    if not space:
        return [action.name for action in actions.on(screen) if action.name.startswith(verb.lower())]
    action = actions.named(verb, screen)
    if action is None or action.argument is None:
        return []
    return [f"{action.name} {found}" for found in complete(action.argument, rest, values)]


class CommandLine(Vertical):
    """A hint above an input. Posts :class:`Entered` with what was read, and closes."""

    DEFAULT_CSS = """
    CommandLine { height: auto; display: none; background: $surface; }
    CommandLine > Static { height: auto; max-height: 4; color: $foreground-muted; padding: 0 1; }
    CommandLine > Static.-wrong { color: $role-danger; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "shut", show=False),
        Binding("tab", "complete", show=False, priority=True),
        Binding("up", "earlier(1)", show=False, priority=True),
        Binding("down", "earlier(-1)", show=False, priority=True),
    ]

    class Entered(Message):
        """A command to run."""

        def __init__(self, action: Action, value: str) -> None:
            super().__init__()
            self.action = action
            self.value = value

    def __init__(self, screen: str, history: History) -> None:
        super().__init__()
        self._of, self._history, self._place = screen, history, 0
        self._values = Values({}, "")
        self._before: Widget | None = None

    def compose(self) -> ComposeResult:
        yield Static(markup=False)
        yield Entry(compact=True, select_on_focus=False)

    @property
    def is_open(self) -> bool:
        """Whether it is there."""
        return bool(self.display)

    def open(self, values: Values, text: str = "") -> None:
        """Show it with a text to start from."""
        self._values, self._place = values, 0
        self._before = None if self.is_open else self.screen.focused
        self.display = True
        entry = self.query_one(Entry)
        entry.value = text
        entry.cursor_position = len(text)
        self.screen.set_focus(entry)  # at once: the next key may be here already
        self._hint()

    def action_shut(self) -> None:
        """Close without doing anything."""
        self.display = False
        self.screen.set_focus(self._before if self._before is not None and self._before.is_attached else None)

    def action_complete(self) -> None:
        """Write what all completions share; list them."""
        entry = self.query_one(Entry)
        found = completions(entry.value, self._of, self._values)
        if not found:
            self.app.bell()
            return
        entry.value = f"{found[0]} " if len(found) == 1 else (_shared(found) or entry.value)
        entry.cursor_position = len(entry.value)

    def action_earlier(self, by: int) -> None:
        """A line from the history."""
        lines = self._history.lines
        self._place = max(0, min(self._place + by, len(lines)))
        entry = self.query_one(Entry)
        entry.value = lines[-self._place] if self._place else ""
        entry.cursor_position = len(entry.value)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what it could become."""
        event.stop()
        self._hint()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Run it, or say what is wrong."""
        event.stop()
        if not event.value.strip():
            self.action_shut()
            return
        found = read(event.value, self._of, self._values)
        if isinstance(found, str):
            self._say(found, is_wrong=True)
            return
        self._history.add(event.value.strip())
        self.action_shut()
        self.post_message(self.Entered(*found))

    def _hint(self) -> None:
        value = self.query_one(Entry).value
        action = actions.named(value.partition(" ")[0], self._of) if value else None
        found = completions(value, self._of, self._values)
        about = f"{action.help}  " if action and (" " in value or len(found) <= 1) else ""
        self._say(about + _listed(found))

    def _say(self, text: str, *, is_wrong: bool = False) -> None:
        said = self.query_one(Static)
        said.set_class(is_wrong, "-wrong")
        said.update(Content(plain(text)))


def _shared(lines: Sequence[str]) -> str:
    """What all lines begin with."""
    first, last = min(lines), max(lines)
    return next((first[:place] for place, letter in enumerate(first) if last[place : place + 1] != letter), first)


def _listed(found: Sequence[str]) -> str:
    names = [line.partition(" ")[2] or line for line in found]
    return "  ".join(names[:24]) + (f"  … {len(names) - 24} more" if len(names) > 24 else "")
