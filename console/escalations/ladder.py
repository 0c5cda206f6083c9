"""The ladder as the rules in force have it: its levels, who may take one, and to whom a reason leads.

Every function takes the escalation rule set as the mirror has it; None (not read yet) knows no level and allows all.
"""

from collections.abc import Mapping
from typing import Any

from console.actions import ROLES
from console.desk.wording import spoken

Rules = Mapping[str, Any] | None
Row = Mapping[str, Any]


def words(name: str) -> str:
    """A level or reason in words: `senior agent`."""
    return name.replace("_", " ").lower()


def levels(rules: Rules) -> list[str]:
    """The levels, the highest first."""
    return list(reversed(rules["settings"]["ladder"])) if rules else []


def takers(rules: Rules, level: str) -> str:
    """The role from which on a level may be taken."""
    return str(rules["settings"]["takers"].get(level, "owner")) if rules else "agent"


def why_not_taken(rules: Rules, level: str, role: str) -> str:
    """Why somebody of that role may not decide at a level; empty when they may."""
    least = takers(rules, level)
    if ROLES.index(role) >= ROLES.index(least):
        return ""
    return f"An escalation to {words(level)} is for the role {least} and above; yours is {role}."


def why_not_higher(rules: Rules, row: Row | None) -> str:
    """Why a case cannot be handed up (further); empty when it can."""
    if rules is None or row is None or not row["escalationLevel"]:
        return ""
    is_at_top = row["escalationLevel"] == levels(rules)[0]
    return f"{row['ref']} is with {words(row['escalationLevel'])}, the top of the ladder." if is_at_top else ""


def leads_to(rules: Rules, reason: str) -> str:
    """In words, the rule that a reason is judged by; empty when none names it."""
    for rule, told in zip(rules["rules"], rules["words"], strict=True) if rules else ():
        if _names(rule["when"], reason):
            return spoken(str(told))
    return ""


def _names(node: Any, reason: str) -> bool:
    """Whether a condition asks for that reason."""
    if isinstance(node, list):
        return any(_names(part, reason) for part in node)
    if not isinstance(node, dict):
        return False
    if node.get("fact") == "reason":
        return reason in (node.get("value"), *(node["value"] if isinstance(node.get("value"), list) else ()))
    return any(_names(part, reason) for part in node.values())
