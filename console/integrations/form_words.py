"""What a connection is told, as people type it: texts in, wire values out, and back."""

from collections.abc import Mapping, Sequence
from typing import Any

from console.rules.reading import Reading
from widgets.prompt import Option

Row = Mapping[str, Any]
MASK = "••••••••"


def shown(need: Row, value: Any, *, is_kept: bool) -> tuple[str, str]:
    """(words, role) of a value. `is_kept`: the server holds a secret of that name."""
    match need["type"]:
        case "secret":
            return (MASK, "") if value else (("kept", "muted") if is_kept else _nothing(need))
        case "mapping":
            return ("changed here", "") if value else ("as shipped, or as it was", "muted")
        case "choices" if isinstance(value, list):
            return (", ".join(value), "") if value else ("nothing", "muted")
        case "pairs" if isinstance(value, dict):
            return (", ".join(f"{left}={right}" for left, right in value.items()), "") if value else ("none", "muted")
    return (str(value), "") if value not in (None, "") else _nothing(need)


def _nothing(need: Row) -> tuple[str, str]:
    return ("needed", "warning") if need["isRequired"] else ("none", "muted")


def text_of(need: Row, value: Any) -> str:
    """A value as it is typed; secrets are typed anew."""
    match value:
        case list():
            return ", ".join(value)
        case dict():
            return ", ".join(f"{left}={right}" for left, right in value.items())
    return "" if value is None or need["type"] == "secret" else str(value)


def read(need: Row, text: str) -> Reading:
    """What was typed, as the server takes it; or what is wrong with it."""
    text = text.strip()
    parts = [part.strip() for part in text.split(",") if part.strip()]
    match need["type"]:
        case "number":
            return Reading(int(text)) if text.isascii() and text.isdigit() else Reading(None, "a whole number")
        case "choices":
            return _choices(need, parts)
        case "pairs":
            return _pairs(need, parts)
        case "address" if text and not text.startswith(("https://", "http://")):
            return Reading(None, "begins with https://")
    return Reading(text)


def _choices(need: Row, parts: Sequence[str]) -> Reading:
    known = need["choices"]
    families = {f"{one.partition('.')[0]}.*" for one in known if "." in one} | (
        {"*"} if any("." in one for one in known) else set()
    )
    if unknown := [part for part in parts if part not in known and part not in families]:
        return Reading(None, f"{unknown[0]!r} is none of them")
    return Reading(list(dict.fromkeys(parts)))


def _pairs(need: Row, parts: Sequence[str]) -> Reading:
    pairs = [part.partition("=") for part in parts]
    for left, sign, right in pairs:
        if not (left.strip() and sign and right.strip()):
            return Reading(None, f"{left!r}: write it as LEFT=RIGHT, with commas between")
        if need["choices"] and left.strip() not in need["choices"]:
            return Reading(None, f"{left.strip()!r} is none of {', '.join(need['choices'])}")
    return Reading({left.strip(): right.strip() for left, _, right in pairs})


def offers(need: Row, text: str) -> list[Option]:
    """What the last part of a list could become."""
    if need["type"] != "choices":
        return []
    before, comma, last = text.rpartition(",")
    given, last = {part.strip() for part in before.split(",")}, last.strip()
    families = sorted({f"{one.partition('.')[0]}.*" for one in need["choices"] if "." in one})
    begins = f"{before}{comma} " if comma else ""
    return [
        Option(f"{begins}{one}", one)
        for one in (*families, *need["choices"])
        if one not in given and one.startswith(last) and one != last
    ]
