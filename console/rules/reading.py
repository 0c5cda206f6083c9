"""What an author types, read: a value, or in a sentence why not."""

import re
from dataclasses import dataclass
from typing import Any

_NUMBER = re.compile(r"[-+]?\d[\d,_]*(?:\.\d+)?")
_LENGTH = re.compile(rf"({_NUMBER.pattern})\s*([a-z]*)", re.IGNORECASE)
_SECONDS = {"": 1, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class Reading:
    """The value of a text and what it says in words; or the problem with it."""

    value: Any
    problem: str = ""
    said: str = ""


class Unreadable(ValueError):
    """A text that is no such value; says what to write."""


def number(text: str, *, is_duration: bool = False) -> int | float:
    """A number as people type it (`25,000`), or a length of time in seconds (`10 min`, `1 h 30 min`)."""
    if is_duration:
        return _duration(text)
    word = text.strip()
    if not _NUMBER.fullmatch(word):
        raise Unreadable(f"{word[:40]!r} is no number.")
    return _plain(word)


def _plain(word: str) -> int | float:
    bare = word.replace(",", "").replace("_", "")
    return float(bare) if "." in bare else int(bare)


def _duration(text: str) -> int | float:
    parts = _LENGTH.findall(text)
    if not parts or _LENGTH.sub("", text).strip() or any(unit.lower() not in _SECONDS for _, unit in parts):
        raise Unreadable(f"{text.strip()[:40]!r} is no length of time: 90, 45 s, 10 min, 2 h, 1 d.")
    total = sum(_plain(amount) * _SECONDS[unit.lower()] for amount, unit in parts)
    return int(total) if total == int(total) else total
