"""`can`: whether an action may be done here and now, and why not. What may not be done is dimmed and says so.

The server decides in the end; this only spares the person a refusal, and never allows more than the server does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from console.actions import ROLES, Action


@dataclass(frozen=True, slots=True)
class Context:
    """Where an action would be done. `incidence` is the row as it is displayed, `verdicts` what the server said about
    verbs on it: action id -> why not."""

    screen: str
    role: str = "agent"
    member_id: str = ""
    is_online: bool = True
    incidence: Mapping[str, Any] | None = None
    marked: int = 0
    verdicts: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_single(self) -> bool:
        """Whether a verb acts on one incidence; with several marked, each is judged by itself."""
        return self.marked < 2


def _has_incidence(context: Context) -> str:
    return "" if context.incidence is not None or context.marked else "Choose an incidence first."


def _is_online(context: Context) -> str:
    return "" if context.is_online else "Offline: this needs the server."


def _is_open(context: Context) -> str:
    row = context.incidence
    if row is not None and context.is_single and row["status"] == "CLOSED":
        return f"{row['ref']} is closed; reopen it first."
    return ""


def _is_closed(context: Context) -> str:
    row = context.incidence
    if row is not None and context.is_single and row["status"] != "CLOSED":
        return f"{row['ref']} is not closed."
    return ""


def _is_untaken(context: Context) -> str:
    row = context.incidence
    if row is None or not context.is_single or row["agentId"] is None:
        return ""
    if row["agentId"] == context.member_id:
        return f"{row['ref']} is yours already."
    return f"{row['agentName'] or 'Somebody'} has {row['ref']}; assign it instead."


NEEDS: dict[str, Callable[[Context], str]] = {
    "incidence": _has_incidence,
    "online": _is_online,
    "open": _is_open,
    "closed": _is_closed,
    "untaken": _is_untaken,
}
"""What actions need, by name: a function that answers why it is not so, or nothing."""


def can(action: Action, context: Context) -> tuple[bool, str]:
    """Whether `action` may be done in `context`, and when not, why, in a sentence."""
    if not action.is_on(context.screen):
        return False, "Not on this screen."
    if ROLES.index(context.role) < ROLES.index(action.role):
        return False, f"This needs the role {action.role}; yours is {context.role}."
    if why := context.verdicts.get(action.id):
        return False, why
    for need in action.needs:
        if why := NEEDS[need](context):
            return False, why
    return True, ""
