"""What the screens of rules show, as lines of an outline. Plain values in, lines out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from console.desk import ages
from console.rules import conditions, forms
from console.rules.draft import Path_, at
from console.rules.editing import Editing
from widgets.outline import Line

JOINS = {"all": "all of", "any": "any of"}
_HOW = {"first": "the first that holds decides", "all": "every one that holds follows", "sum": "points add up"}


def key_of(path: Path_) -> str:
    """A path as the key of a line."""
    return "/".join(f"{step}" for step in path)


def path_of(key: str) -> Path_:
    """The path that a key stands for."""
    return tuple(int(step) if step.isdigit() else step for step in key.split("/"))


def of_sets(sets: Sequence[Mapping[str, Any]], drafts: frozenset[str], name_of: Any, now: datetime) -> list[Line]:
    """Every rule set: its version, who published it when and why, its warnings, and whether there is a draft."""
    wide = max((len(one["label"]) for one in sets), default=0)
    return [_of_set(one, drafts, name_of, now, wide) for one in sets]


def _of_set(one: Mapping[str, Any], drafts: frozenset[str], name_of: Any, now: datetime, wide: int) -> Line:
    words = [(f"version {one['version']:<3}", "bold"), (f"  {one['rules']:>3} rules", "muted")]
    words.append((f"  ▲ {one['warnings']:<2}" if one["warnings"] else " " * 6, "warning"))
    if drafts:
        words.append(("  ✎ draft" if one["kind"] in drafts else " " * 9, "draft"))
    if one["publishedAt"]:
        words.append((f"  {ages.since(one['publishedAt'], now)} ago by {name_of(one['publishedBy'])}", "muted"))
    words.append((f"  {one['reason']}", "muted"))
    return Line(one["kind"], one["label"], words, width=wide)


def of_rule_set(editing: Editing) -> list[Line]:
    """The rules group by group, in order, with what is wrong and what to beware of; then the settings."""
    lines: list[Line] = []
    rules = editing.draft.rules
    known = editing.vocabulary["groups"]
    groups = dict.fromkeys([*known, *(str(rule.get("group")) for rule in rules)])
    for group in groups:
        shape = known.get(group, {})
        lines.append(Line("", f"{group} · {_HOW.get(shape.get('strategy', ''), '')}"))
        mine = [place for place, rule in enumerate(rules) if str(rule.get("group")) == group]
        lines += [_of_rule(editing, place, number) for number, place in enumerate(mine, 1)]
        if not mine:
            lines.append(Line("", "  none yet"))
        lines += [Line("", f"  ▲ {text}") for text in editing.warnings(None, group)]
    fields = forms.fields_of(editing.vocabulary["settings"], ("settings",))
    lines.append(Line("", "settings"))
    wide = max((len(field.label) for field in fields), default=0) + 2
    return lines + [_of_field(editing, field, 1, wide) for field in fields]


def _of_rule(editing: Editing, place: int, number: int) -> Line:
    rule, path = editing.draft.rules[place], ("rules", place)
    is_on = rule.get("enabled", True)
    notes = [(problem, "danger") for problem in editing.problems(path)]
    notes += [(f"▲ {warning}", "warning") for warning in editing.warnings(rule.get("id"), "")]
    return Line(key_of(path), f"{number:>2}", [(editing.sentence(place), "text" if is_on else "muted")], notes=notes)


def of_rule(editing: Editing, place: int) -> list[Line]:
    """One rule, field by field: label, condition as a tree, what follows, reason."""
    rule, path = editing.draft.rules[place], ("rules", place)
    wide = 24
    lines = [_plain(editing, (*path, "label"), "label", rule, wide), Line("", "when")]
    lines += _of_condition(editing, (*path, "when"), 1)
    group = editing.vocabulary["groups"].get(str(rule.get("group")), {})
    lines.append(Line("", "then"))
    lines += [_of_field(editing, field, 1, wide) for field in forms.fields_of(group.get("then", {}), (*path, "then"))]
    lines += [_plain(editing, (*path, name), told, rule, wide) for name, told in (("text", "reason"), ("id", "id"))]
    if len(editing.vocabulary["groups"]) > 1:
        lines.append(_plain(editing, (*path, "group"), "group", rule, wide))
    state = "on" if rule.get("enabled", True) else "off"
    return [*lines, Line(key_of((*path, "enabled")), "switched", [(state, "text")], width=wide)]


def _plain(editing: Editing, path: Path_, label: str, rule: Mapping[str, Any], wide: int) -> Line:
    notes = [(problem, "danger") for problem in editing.problems(path)]
    return Line(key_of(path), label, [(str(rule.get(str(path[-1])) or "–"), "text")], notes=notes, width=wide)


def _of_field(editing: Editing, field: forms.Field, depth: int, wide: int) -> Line:
    value = at(editing.draft.now, field.path)
    text = forms.shown(field, value)
    if field.label.endswith("prompt"):
        text = f"“{text}”"
    notes = [(problem, "danger") for problem in editing.problems(field.path)]
    return Line(key_of(field.path), field.label, [(text, "text")], depth, notes, wide)


def _of_condition(editing: Editing, path: Path_, depth: int) -> list[Line]:
    node = at(editing.draft.now, path)
    notes = [(problem, "danger") for problem in editing.problems(path, below=not _parts(node))]
    if isinstance(node, Mapping) and "not" in node:
        return [Line(key_of(path), "not", (), depth, notes), *_of_condition(editing, (*path, "not"), depth + 1)]
    for join, words in JOINS.items():
        if isinstance(node, Mapping) and isinstance(node.get(join), list):
            parts = node[join]
            told = words if parts else "always" if join == "all" else "never"
            lines = [Line(key_of(path), told, (), depth, notes)]
            for number in range(len(parts)):
                lines += _of_condition(editing, (*path, join, number), depth + 1)
            return lines
    if editing.problems(path):
        text = conditions.typed(node) if isinstance(node, Mapping) else "no condition"
    else:
        text = conditions.words(node, editing.catalogue, editing.currency)
    return [Line(key_of(path), "", [(text, "text")], depth, notes)]


def _parts(node: Any) -> bool:
    return isinstance(node, Mapping) and any(join in node for join in ("all", "any", "not"))


def of_changes(changes: Sequence[Mapping[str, Any]]) -> list[list[tuple[str, str]]]:
    """What is different between two versions: a line or two for each, with their signs."""
    lines = []
    for one in changes:
        if one["what"] == "moved":
            lines.append([("↕ ", "info"), (f"{one['after']} · moved", "")])
            continue
        for sign, role, text in (("− ", "danger", one["before"]), ("+ ", "ok", one["after"])):
            if text is not None:
                lines.append([(sign, f"{role} bold"), (text, role)])
    return lines or [[("Nothing is different.", "muted")]]
