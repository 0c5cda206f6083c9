"""Forms from JSON schemas: what a rule leads to and the settings of a set, as fields of one line each."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from backend.rules.wording import duration_in_words, plainly
from console.rules.draft import Path_
from console.rules.reading import Reading, Unreadable, number
from widgets.prompt import Option

Schema = Mapping[str, Any]
_NONE = "none"


@dataclass(frozen=True, slots=True)
class Field:
    """One value to fill in. `kind`: choice, choices, number, whole, duration, text, flag, pairs (a=b, c=d), rows of
    words (09:00 18:00; …) or json.

    `whole` is the path of an object that is None as a whole when this is `none`; `many` are the values of pairs or the
    names of the words of a row.
    """

    path: Path_
    label: str
    kind: str
    choices: tuple[str, ...] = ()
    whole: Path_ | None = None
    many: tuple[str, ...] = field(default=())


def fields_of(schema: Schema, path: Path_) -> list[Field]:
    """The fields of an object with that schema, which stands at `path`."""
    return list(_fields(schema, schema.get("$defs", {}), path, None, ""))


def _fields(schema: Schema, known: Schema, path: Path_, whole: Path_ | None, within: str) -> Iterator[Field]:
    for name, raw in schema.get("properties", {}).items():
        here, is_optional = _resolved(raw, known)
        at = (*path, name)
        if here.get("type") == "object" and here.get("properties"):
            yield from _fields(here, known, at, at if is_optional else whole, f"{within}{_words(name)} ")
        elif named := _rows_by_name(here, known):
            names, columns = named
            yield from (Field((*at, one), f"{within}{_words(name)} {one}", "rows", (), None, columns) for one in names)
        else:
            yield _field(at, within + _words(name), here, known, at if is_optional else whole)


def _rows_by_name(schema: Schema, known: Schema) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The names and columns of an object that has rows of words under each of some names, such as hours by weekday."""
    names = _choices(_resolved(schema.get("propertyNames", {}), known)[0])
    columns = _columns(_resolved(schema.get("additionalProperties") or {}, known)[0], known) if names else ()
    return (names, columns) if columns else None


def _columns(schema: Schema, known: Schema) -> tuple[str, ...]:
    """The columns of a list of objects that hold nothing but texts; none for any other schema."""
    inner = _resolved(schema.get("items") or {}, known)[0] if schema.get("type") == "array" else {}
    columns = inner.get("properties", {})
    return tuple(columns) if all(one.get("type") == "string" for one in columns.values()) else ()


def _resolved(schema: Schema, known: Schema) -> tuple[Schema, bool]:
    """A schema without its references, and whether None will do instead."""
    variants = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    is_optional = len(variants) < len(schema.get("anyOf", ()))
    here = variants[0] if len(variants) == 1 else schema
    if "$ref" in here:
        here = known.get(str(here["$ref"]).rpartition("/")[2], {})
    return here, is_optional


def _field(path: Path_, label: str, schema: Schema, known: Schema, whole: Path_ | None) -> Field:
    choices = _choices(schema)
    if choices:
        return Field(path, label, "choice", choices, whole)
    match schema.get("type"):
        case "boolean":
            return Field(path, label, "flag", ("yes", "no"), whole)
        case "integer" | "number":
            kind = (
                "duration"
                if str(path[-1]).endswith("Seconds")
                else "whole"
                if schema["type"] == "integer"
                else "number"
            )
            return Field(path, label, kind, (), whole)
        case "string":
            return Field(path, label, "text", (), whole)
        case "array" if inner := _choices(_resolved(schema.get("items", {}), known)[0]):
            return Field(path, label, "choices", inner, whole)
        case "array" if columns := _columns(schema, known):
            return Field(path, label, "rows", (), whole, columns)
        case "object" if inner := _choices(_resolved(schema.get("additionalProperties") or {}, known)[0]):
            names = _choices(_resolved(schema.get("propertyNames", {}), known)[0])
            return Field(path, label, "pairs", names, whole, inner)
    kinds = {one.get("type") for one in schema.get("anyOf", ())}
    return Field(path, label, "number" if kinds and kinds <= {"integer", "number"} else "json", (), whole)


def _choices(schema: Schema) -> tuple[str, ...]:
    found = schema.get("enum") or ([schema["const"]] if "const" in schema else ())
    return tuple(found) if all(isinstance(one, str) for one in found) else ()


def _words(name: str) -> str:
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).replace("_", " ")
    return spaced.removesuffix(" seconds")


def shown(field: Field, value: Any) -> str:
    """A value in words."""
    if value is None:
        return _NONE
    if field.kind == "duration" and isinstance(value, int | float) and not isinstance(value, bool):
        return duration_in_words(value)
    if field.kind in ("choices", "pairs", "rows", "json"):
        return typed(field, value) or "nothing"
    return plainly(value) or "nothing"


def typed(field: Field, value: Any) -> str:
    """A value as it would be typed."""
    if value is None:
        return _NONE if field.whole else ""
    match field.kind, value:
        case "choices", list():
            return ", ".join(map(str, value))
        case "pairs", dict():
            return ", ".join(f"{key}={one}" for key, one in value.items())
        case "rows", list():
            return "; ".join(" ".join(str(row.get(column, "")) for column in field.many) for row in value)
        case "flag", bool():
            return "yes" if value else "no"
        case "json", _:
            return json.dumps(value, ensure_ascii=False)
    return str(value)


def reader(field: Field) -> Callable[[str], Reading]:
    """What reads a line into the field's value. `none` empties what may be empty."""

    def read(text: str) -> Reading:
        try:
            value = None if field.whole and text.strip().casefold() == _NONE else _read(field, text.strip())
        except Unreadable as error:
            return Reading(None, problem=str(error))
        return Reading(value, said=f"{field.label}: {shown(field, value)}")

    return read


def _read(field: Field, text: str) -> Any:
    match field.kind:
        case "choice":
            return _choice(field.choices, text)
        case "choices":
            return [_choice(field.choices, part.strip()) for part in text.split(",") if part.strip()]
        case "pairs":
            return dict(_pair(field, part) for part in text.split(",") if part.strip())
        case "rows":
            return [_row(field, part) for part in text.split(";") if part.strip()]
        case "flag":
            return _choice(field.choices, text) == "yes"
        case "number" | "duration":
            return number(text, is_duration=field.kind == "duration")
        case "whole":
            found = number(text)
            if not isinstance(found, int):
                raise Unreadable("It must be a whole number.")
            return found
        case "json":
            return _json(text)
    return text


def _choice(choices: tuple[str, ...], text: str) -> str:
    if not choices:
        return text
    near = [one for one in choices if one.casefold() == text.casefold()]
    near = near or [one for one in choices if text and one.casefold().startswith(text.casefold())]
    if len(near) != 1:
        raise Unreadable(f"Say {' or '.join(near or choices)}.")
    return near[0]


def _pair(field: Field, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise Unreadable("Write NAME=VALUE, with commas between.")
    return _choice(field.choices, name.strip()), _choice(field.many, value.strip())


def _row(field: Field, text: str) -> dict[str, str]:
    words = text.split(maxsplit=len(field.many) - 1)
    if len(words) < len(field.many):
        raise Unreadable(f"Each is {' and '.join(field.many)}, with ; between: {text.strip()!r} has too little.")
    return dict(zip(field.many, words, strict=True))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"This is no JSON yet: {error}.") from None


def completer(field: Field) -> Callable[[str], list[Option]]:
    """What a line could become."""

    def complete(text: str) -> list[Option]:
        before, comma, last = text.rpartition(",") if field.kind in ("choices", "pairs") else ("", "", text)
        lead = f"{before}{comma} " if comma else ""
        name, equals, begun = last.strip().partition("=")
        known, head = (field.many, f"{name}=") if equals else (field.choices, "")
        word = (begun if equals else last).strip().casefold()
        ending = "=" if field.kind == "pairs" and not equals else ""
        nothing = (_NONE,) if field.whole and not comma else ()
        return [
            Option(f"{lead}{head}{one}{ending}", one) for one in (*known, *nothing) if one.casefold().startswith(word)
        ]

    return complete
