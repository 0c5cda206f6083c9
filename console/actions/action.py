"""What an action is. The registry is in `console.actions`."""

from dataclasses import dataclass
from typing import Literal

ROLES = ("agent", "supervisor", "admin", "owner")

Kind = Literal[
    "text",
    "member",
    "status",
    "outcome",
    "until",
    "theme",
    "keymap",
    "screen",
    "ref",
    "query",
    "priority",
    "sort",
    "reason",
    "label",
    "availability",
    "days",
    "by",
    "format",
    "horizon",
    "paying_state",
    "paying_order",
    "plan_status",
    "plan_outcome",
    "plan_priority",
]
Group = Literal["Move", "Find", "Mark", "Work", "Write", "Copy", "Screen", "Go", "Console"]
GROUPS: tuple[Group, ...] = ("Work", "Write", "Find", "Mark", "Move", "Copy", "Screen", "Go", "Console")
"""In the order in which menus list them: what one is here for comes before how one moves."""


@dataclass(frozen=True, slots=True)
class Argument:
    """What an action takes after its verb. `kind` says what completes and checks it."""

    name: str
    kind: Kind
    required: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do.

    `screens` empty means everywhere; `needs` are conditions of `console.permission`; `binds` are ids of widget bindings
    that these keys are also given to; `foot` orders the footer (0 is not in it); `passes_key` hands the key pressed to
    the handler; `changes` is a verb on incidences, which asks first when several are marked and can be repeated.
    """

    id: str
    title: str
    keys: tuple[str, ...]
    group: Group
    help: str
    verb: str = ""
    arrows: tuple[str, ...] | None = None
    screens: tuple[str, ...] = ()
    role: str = "agent"
    needs: tuple[str, ...] = ()
    binds: tuple[str, ...] = ()
    argument: Argument | None = None
    foot: int = 0
    changes: bool = False
    dangerous: bool = False
    passes_key: bool = False
    is_prefix: bool = False

    @property
    def name(self) -> str:
        """The verb of the command line."""
        return self.verb or self.id.replace("_", "-")

    def is_on(self, screen: str) -> bool:
        """Whether the screen has it."""
        return not self.screens or screen in self.screens
