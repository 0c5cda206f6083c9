"""The one registry of what a person can do: bindings, footer, palette, `:`, help and the docs are all made from it.

Screens supply handlers named `action_<id>(self)` or, where there is an argument, `action_<id>(self, value: str = "")`
(async or not); `console.frame.screen.FrameScreen.perform` finds them. Keys are written here and nowhere else: a key is
a Textual key or character, `N@queue` for a key on one screen only, or a chord such as `jump q` (the keys of the
action `jump`, then q).
"""

from functools import cache

from console.actions.action import GROUPS, ROLES, Action, Argument, Group, Kind
from console.actions.administration import ADMINISTRATION
from console.actions.copilot import COPILOT_WORK
from console.actions.everywhere import EVERYWHERE
from console.actions.finance import FINANCE_WORK
from console.actions.interventions import INTERVENTION_WORK
from console.actions.moving import MOVING
from console.actions.people import PEOPLE_WORK
from console.actions.playbooks import PLAYBOOK_WORK
from console.actions.retention import RETENTION_WORK
from console.actions.rules import RULES_WORK
from console.actions.running import RUNNING
from console.actions.work import WORK
from console.actions.writing import WRITING

__all__ = ["ACTIONS", "BY_ID", "GROUPS", "ROLES", "Action", "Argument", "Group", "Kind", "named", "on"]

ACTIONS = (
    *MOVING,
    *WORK,
    *RULES_WORK,
    *RETENTION_WORK,
    *FINANCE_WORK,
    *PLAYBOOK_WORK,
    *INTERVENTION_WORK,
    *COPILOT_WORK,
    *ADMINISTRATION,
    *RUNNING,
    *PEOPLE_WORK,
    *WRITING,
    *EVERYWHERE,
)
"""In the order in which footer, menus and help list them. A new family of screens adds a file here."""

BY_ID: dict[str, Action] = {action.id: action for action in ACTIONS}


@cache
def on(screen: str) -> tuple[Action, ...]:
    """The actions of a screen, in the order of the registry."""
    return tuple(action for action in ACTIONS if action.is_on(screen))


def named(verb: str, screen: str) -> Action | None:
    """The action of a screen that a word of the command line means: its verb, or the start of only one."""
    here = on(screen)
    word = verb.lower().replace("_", "-")
    exact = next((action for action in here if action.name == word), None)
    if exact is not None:
        return exact
    near = [action for action in here if action.name.startswith(word)]
    return near[0] if len(near) == 1 and word else None
