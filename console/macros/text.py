"""A macro as text that a person writes: YAML with a line for everything it may do. MacroRead data in, MacroMake out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backend.incidences.macro_schemas import MacroMake

Row = Mapping[str, Any]

NEW = """\
name: ""
shared: no
reply: |-
  Dear {customer.name},
note:
add: []
"""
"""What stands in the editor for a new one."""
FIELDS = (
    "reply, note, add and remove (labels), agent (me, none or an e-mail), priority (1-4), status (open, waiting), "
    "snoozeMinutes, outcome (resolved, dropped, converted), issueCategory"
)
_LOUD = ("status", "outcome")


def written(macro: Row, members: Mapping[str, Row]) -> str:
    """A macro as text; members by their e-mail."""
    import yaml  # type: ignore[import-untyped]

    class Dumper(yaml.SafeDumper):  # type: ignore[misc]
        pass

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, text)
    steps = {name: value for name, value in macro["steps"].items() if value not in (None, [])}
    if steps.get("agent") in members:
        steps["agent"] = members[steps["agent"]]["email"]
    steps |= {name: steps[name].lower() for name in _LOUD if name in steps}
    document = {"name": macro["name"], "shared": macro["isShared"], **steps}
    return str(yaml.dump(document, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=10_000))


def read(text: str, members: Mapping[str, Row]) -> MacroMake | str:
    """The macro that is written, or why it is none."""
    import yaml
    from pydantic import ValidationError

    from backend.incidences.macro_schemas import MacroMake

    try:
        found = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        return f"{where}{getattr(error, 'problem', None) or 'this cannot be read as YAML'}"
    if not isinstance(found, dict):
        return "Wanted is a line for each thing, such as `name: Late platter`."
    steps = {str(name): value for name, value in found.items() if value not in (None, [])}
    given = {"name": steps.pop("name", ""), "isShared": steps.pop("shared", False)}
    for name in _LOUD:
        if isinstance(steps.get(name), str):
            steps[name] = steps[name].upper()
    agent = str(steps.get("agent", "me"))
    if agent not in ("me", "none"):
        meant = [one["id"] for one in members.values() if agent.casefold() in (one["email"].casefold(), one["id"])]
        if not meant:
            return f"agent: there is no member {agent!r}; give an e-mail, `me` or `none`."
        steps["agent"] = meant[0]
    try:
        return MacroMake.model_validate(given | {"steps": steps})
    except ValidationError as error:
        return _told(error)


def _told(error: Any) -> str:
    first = error.errors()[0]
    place = [str(part) for part in first["loc"] if part != "steps"]
    if first["type"] == "extra_forbidden":
        return f"{place[-1]}: there is no such thing; there are {FIELDS}."
    said = first["msg"].removeprefix("Value error, ").removeprefix("String ").removeprefix("Input ")
    return f"{place[0] if place else 'This'}: {said}."
