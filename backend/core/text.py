"""Text from outside is cleaned where it enters: what could steer a terminal never reaches the database."""

import re
import unicodedata
from math import isfinite
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

# C0 but tab and newline, DEL, C1, bidirectional controls, line and paragraph separators, lone surrogates, non-characters.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
_ENDINGS = re.compile("\r\n?|\u2028|\u2029")


def clean(value: str) -> str:
    """`value` without control and bidirectional characters, in NFC; line endings become newlines, tabs stay."""
    if value.isascii() and value.isprintable():
        return value
    return unicodedata.normalize("NFC", _UNSAFE.sub("", _ENDINGS.sub("\n", value)))


def clean_line(value: str) -> str:
    """`clean`, on one line: every run of white space becomes one space, none at the ends."""
    return " ".join(clean(value).split())


def clean_json(value: Any) -> Any:
    """A JSON value with every string and key in it cleaned."""
    match value:
        case str():
            return clean(value)
        case list():
            return [clean_json(item) for item in value]
        case dict():
            return {clean(str(key)): clean_json(item) for key, item in value.items()}
    return value


def clean_json_lines(value: Any) -> Any:
    """A JSON value with every string and key in it cleaned, and on one line."""
    match value:
        case str():
            return clean_line(value)
        case list():
            return [clean_json_lines(item) for item in value]
        case dict():
            return {clean_line(str(key)): clean_json_lines(item) for key, item in value.items()}
    return value


def _bounded(value: Any, depth: int = 0) -> int:
    if depth > 12:
        raise ValueError("nested deeper than 12 levels")
    match value:
        case str():
            return len(value)
        case int() if not -(2**63) <= value < 2**63:
            raise ValueError("holds a whole number of more than 64 bits")
        case float() if not isfinite(value):
            raise ValueError("holds a number that is not finite")
        case list():
            return 1 + sum(_bounded(item, depth + 1) for item in value)
        case dict():
            return 1 + sum(len(str(key)) + _bounded(item, depth + 1) for key, item in value.items())
    return 8


def _checked(value: Any) -> Any:
    if _bounded(value) > 65_536:
        raise ValueError("larger than 64 KiB")
    return clean_json(value)


def _required(value: str) -> str:
    if not value:
        raise ValueError("is empty")
    return value


# pydantic types for the wire: cleaned at the door, bounded, never silently cut.
Line = Annotated[str, Field(max_length=200), AfterValidator(clean_line), AfterValidator(_required)]
OptionalLine = Annotated[str, Field(max_length=200), AfterValidator(clean_line)]
Body = Annotated[
    str, Field(max_length=20_000), AfterValidator(clean), AfterValidator(str.strip), AfterValidator(_required)
]
Key = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(clean_line), AfterValidator(_required)]
JsonObject = Annotated[dict[str, Any], BeforeValidator(_checked)]
JsonList = Annotated[list[Any], Field(max_length=500), BeforeValidator(_checked)]
