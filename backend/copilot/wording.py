"""Facts in words, as Markdown. What customers wrote is quoted so that it is drawn as it was typed."""

import re
from collections.abc import Iterable

from backend.core.text import clean_line

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~!])")


def literal(text: str, most: int = 300) -> str:
    """Somebody's words on one line, without any meaning to Markdown."""
    line = clean_line(text)
    return _MARKUP.sub(r"\\\1", line if len(line) <= most else f"{line[: most - 1]}…")


def bullets(lines: Iterable[str]) -> str:
    """A list."""
    return "\n".join(f"- {line}" for line in lines)


def amount(number: float | int | None, currency: str) -> str:
    """Money in major units."""
    if number is None:
        return "not known"
    return f"{currency} {number:,.0f}" if float(number).is_integer() else f"{currency} {number:,.2f}"


def share(number: float | None) -> str:
    """A share from 0 to 1 as percent."""
    return "not known" if number is None else f"{100 * number:.2f}".rstrip("0").rstrip(".") + " %"


def plural(count: int | float, noun: str) -> str:
    """`1 point`, `2 points`."""
    return f"{count:g} {noun}{'' if count == 1 else 's'}"
