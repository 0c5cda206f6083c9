"""Two texts compared: what went in one colour and with a sign, what came in another."""

from difflib import unified_diff

from widgets.paint import Cell

_ROLES = {"+": "ok", "-": "danger", "@": "accent"}
_HEADS = 2
"""Lines at the beginning that name the two."""


def between(before: str, after: str) -> str:
    """As `diff -u` shows it; empty when they are the same."""
    return "\n".join(unified_diff(before.splitlines(), after.splitlines(), "before", "after", lineterm="", n=2))


def lines_of(text: str) -> list[Cell]:
    """The lines of such a text, without the two that name its sides."""
    return [[(line, _ROLES.get(line[:1], "muted"))] for line in text.splitlines()[_HEADS:]]
