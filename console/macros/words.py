"""What a macro does, in words. MacroRead and MacroPreview data in, lines and cells out."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from backend.rules.wording import duration_in_words
from widgets.outline import Line
from widgets.paint import Cell

Row = Mapping[str, Any]

_PLACEHOLDER = re.compile(r"(\{[a-z.]+\})")
_SHORT = 48
"""Characters of what a macro writes that stand in the list."""


def of_list(macros: Sequence[Row]) -> list[Line]:
    """Everybody's, then one's own, by name."""
    wide = max((len(one["name"]) for one in macros), default=0)
    lines: list[Line] = []
    for title, is_shared in (("Everybody's", True), ("Yours", False)):
        mine = [one for one in macros if one["isShared"] == is_shared]
        lines += [Line("", title)] if mine else []
        lines += [Line(one["macroId"], one["name"], [(_shortly(one["steps"]), "")], 1, width=wide + 2) for one in mine]
    return lines


def _shortly(steps: Row) -> str:
    said = " ".join((steps["reply"] or steps["note"] or "").split())
    cut = f"{said[:_SHORT]}…" if len(said) > _SHORT else said
    first = [f"{'reply' if steps['reply'] else 'note'}: {cut}"] if said else []
    return " · ".join([*first, *does(steps, lambda _: "somebody")])


def does(steps: Row, name_of: Any) -> list[str]:
    """What it does beside what it writes; `name_of` names a member."""
    said = [f"label #{name}" for name in steps["add"]] + [f"take #{name} off" for name in steps["remove"]]
    if (agent := steps["agent"]) is not None:
        said.append(f"give it to {({'me': 'whoever runs it', 'none': 'nobody'}).get(agent) or name_of(agent)}")
    if steps["priority"] is not None:
        said.append(f"priority {steps['priority']}")
    if steps["status"] is not None:
        said.append("wait for the customer" if steps["status"] == "WAITING" else "open it")
    if steps["snoozeMinutes"] is not None:
        said.append(f"snooze it for {duration_in_words(60 * steps['snoozeMinutes'])}")
    if steps["issueCategory"] is not None:
        said.append(f"category {steps['issueCategory']}")
    if steps["outcome"] is not None:
        said.append(f"close it: {steps['outcome'].lower()}")
    return said


def of_macro(macro: Row, name_of: Any) -> list[Cell]:
    """A macro in full, its placeholders as they are."""
    steps = macro["steps"]
    return _whole(steps["reply"], steps["note"], does(steps, name_of))


def of_trial(found: Row) -> list[Cell]:
    """What it comes to on a case, and what is not known of that."""
    left: list[Cell] = [
        [(f"✗ Nothing is known for {{{name}}}: it is not sent like that.", "danger")] for name in found["unresolved"]
    ]
    return [*_whole(found["reply"], found["note"], found["does"]), *([""] if left else []), *left]


def _whole(reply: str | None, note: str | None, does: Sequence[str]) -> list[Cell]:
    lines: list[Cell] = []
    for title, text, role in (("Reply, looked at before it goes", reply, ""), ("Note, for the team", note, "note")):
        if text:
            lines += [[(title, "muted")], *(_filled(line, role) for line in text.split("\n")), ""]
    return [*lines, *([[("· ", "muted"), (one, "")] for one in does])]


def _filled(line: str, role: str) -> Cell:
    return [(part, "accent" if _PLACEHOLDER.fullmatch(part) else role) for part in _PLACEHOLDER.split(line) if part]
