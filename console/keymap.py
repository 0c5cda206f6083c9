"""Which keys do what: a shipped keymap and a person's own overrides, checked for clashes."""

from collections.abc import Mapping

from textual.binding import Binding

from console.actions import ACTIONS, BY_ID, Action, on

KEYMAPS = ("default", "arrows")
SCREENS = (
    "queue",
    "incidence",
    "escalations",
    "alerts",
    "floor",
    "analytics",
    "rows",
    "retention",
    "flow",
    "flow_yaml",
    "flow_trial",
    "flow_versions",
    "runs_behind",
    "playbooks",
    "playbook_yaml",
    "playbook_candidates",
    "settings",
    "outbox",
    "rules",
    "rule_set",
    "rule",
    "trial",
    "versions",
    "raw_rules",
    "macros",
    "macro_text",
    "integrations",
    "finance",
    "integration_form",
    "mapping_text",
    "integration_log",
    "imports",
    "import",
    "jobs",
    "causes",
    "delivery",
    "interventions",
    "customers",
    "customer",
    "people",
    "account",
    "copilot",
    "conversations",
)
"""Screens that have keys."""

FORBIDDEN = frozenset(f"ctrl+{letter}" for letter in "himabs") | {"ctrl+left_square_bracket"}
"""Backspace, tab, enter and escape in most terminals; and what terminals and multiplexers take for themselves."""

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_ALWAYS = ("quit", "palette", "copilot_beside")
"""Actions whose keys work inside text fields and before them."""

_NAMES = {
    "escape": "esc",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "down": "↓",
    "up": "↑",
    "left": "←",
    "right": "→",
    "question_mark": "?",
    "minus": "-",
}


class Keymap:
    """The keys of every action. An override is `action id -> keys`, separated by commas; an action keeps at least one
    key. Overrides that cannot be (see :meth:`problems`) are left out."""

    def __init__(self, name: str = "default", overrides: Mapping[str, str] | None = None) -> None:
        self.name = name if name in KEYMAPS else "default"
        self._keys: dict[str, tuple[str, ...]] = {action.id: self._shipped(action) for action in ACTIONS}
        self.problems: list[str] = []
        """What is wrong with the overrides, in sentences."""
        for id, text in (overrides or {}).items():
            self._override(id, text)

    def _shipped(self, action: Action) -> tuple[str, ...]:
        return action.arrows if self.name == "arrows" and action.arrows is not None else action.keys

    def _override(self, id: str, text: str) -> None:
        keys = tuple(key.strip() for key in text.split(",") if key.strip())
        if id not in BY_ID:
            self.problems.append(f"There is no action {id!r} to give keys to.")
        elif not keys:
            self.problems.append(f"{BY_ID[id].title!r} needs a key.")
        elif bad := [key for key in keys if key in FORBIDDEN]:
            self.problems.append(f"{bad[0]} cannot be told apart from another key in most terminals.")
        elif wrong := [key for key in keys if " " in key and not _is_chord(key)]:
            self.problems.append(f"{wrong[0]!r} is no chord; those look like 'jump q'.")
        else:
            before = self._keys[id]
            self._keys[id] = keys
            if clash := self._clash_of(id):
                self._keys[id] = before
                self.problems.append(clash)

    def _clash_of(self, id: str) -> str:
        for screen in SCREENS:
            for key, ids in self._taken(screen).items():
                if len(ids) > 1 and id in ids:
                    other = next(BY_ID[taken].title for taken in ids if taken != id)
                    return f"{label(key)} is taken by {other!r}; {BY_ID[id].title!r} keeps its key."
        return ""

    def clashes(self) -> list[str]:
        """Keys that mean two things on one screen."""
        return [
            f"{screen}: {key} means {' and '.join(ids)}"
            for screen in SCREENS
            for key, ids in self._taken(screen).items()
            if len(ids) > 1
        ]

    def _taken(self, screen: str) -> dict[str, list[str]]:
        taken: dict[str, list[str]] = {}
        for action in on(screen):
            for key in self.keys(action, screen):
                taken.setdefault(key, []).append(action.id)
        return taken

    def keys(self, action: Action, screen: str) -> tuple[str, ...]:
        """The keys and chords of an action on a screen."""
        here = (key.partition("@") if len(key) > 1 else (key, "", "") for key in self._keys[action.id])
        return tuple(key for key, _, only in here if not only or only == screen)

    def bindings(self, screen: str) -> list[Binding]:
        """A screen's bindings. Single keys are left to text fields; the letters of chords come first while one is open."""
        made = []
        for action in on(screen):
            for key in self.keys(action, screen):
                if " " not in key:
                    does = f"perform('{action.id}', '{key}')" if action.passes_key else f"perform('{action.id}')"
                    made.append(
                        Binding(key, does, action.title, show=False, id=action.id, priority=action.id in _ALWAYS)
                    )
        made += [Binding(letter, f"chord_key('{letter}')", priority=True, show=False) for letter in LETTERS]
        made.append(Binding("escape", "chord_key('')", priority=True, show=False))
        return made

    def chord(self, prefix: str, screen: str) -> dict[str, Action]:
        """The menu behind a prefix action: letter -> action."""
        return {
            key.partition(" ")[2]: action
            for action in on(screen)
            for key in self.keys(action, screen)
            if key.partition(" ")[0] == prefix and " " in key
        }

    def of_widgets(self) -> dict[str, str]:
        """The keys of widget bindings, for `App.set_keymap`."""
        return {
            bound: ",".join(key for key in self._keys[action.id] if " " not in key and "@" not in key[1:])
            for action in ACTIONS
            for bound in action.binds
        }

    def label(self, action: Action, screen: str, *, every: bool = False) -> str:
        """How the keys of an action are shown; the first alone, or every one. Empty when it has none here."""
        shown = [self._chord_label(key, screen) for key in self.keys(action, screen)]
        if action.passes_key and len(shown) > 2:
            shown = [f"{shown[0]}-{shown[-1]}"]
        return " ".join(shown) if every else (shown[0] if shown else "")

    def _chord_label(self, key: str, screen: str) -> str:
        prefix, _, letter = key.partition(" ")
        if not letter:
            return label(key)
        opens = self.keys(BY_ID[prefix], screen)
        return f"{label(opens[0])} {letter}" if opens else letter


def _is_chord(key: str) -> bool:
    prefix, _, letter = key.partition(" ")
    return prefix in BY_ID and BY_ID[prefix].is_prefix and len(letter) == 1 and letter in LETTERS


def label(key: str) -> str:
    """A key as people write it."""
    return _NAMES.get(key, key)


def table(name: str = "default") -> str:
    """The keys of the console as a Markdown table, for the docs."""
    keymap = Keymap(name)
    rows = ["| keys | command | does | where |", "|---|---|---|---|"]
    for action in ACTIONS:
        screens = action.screens or ("everywhere",)
        keys = keymap.label(action, (action.screens or SCREENS)[0], every=True).replace("|", "\\|")
        rows.append(f"| `{keys}` | `:{action.name}` | {action.help} | {', '.join(screens)} |")
    return "\n".join(rows) + "\n"
