"""Cells of files that people open with a spreadsheet, and give back."""

from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a cell begins with that a spreadsheet takes for a formula."""


def inert(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula is marked as text; true and false are words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def unmarked(text: str) -> str:
    """What `inert` made of a text, as it was."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text
