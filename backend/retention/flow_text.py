"""Flows as YAML: read with the line of every mistake, written as people keep them, and compared line by line."""

from collections.abc import Iterator
from difflib import unified_diff
from typing import Any

import yaml  # type: ignore[import-untyped]
from pydantic import ValidationError

from backend.core.errors import Invalid
from backend.core.text import clean
from backend.retention.flow_schemas import FlowDocument
from backend.rules.conditions import check
from backend.rules.shipped.flow import CATALOGUE, REASONS

_DEEPEST = 20
_TAGS = ("survey", "message", "confirm", "PAUSE", "DOWNGRADE", "DISCOUNT", "TRIAL_EXTENSION")
"""What pydantic puts into the place of a mistake for which kind of step it tried."""
Lines = dict[tuple[str | int, ...], int]
Problem = dict[str, Any]


def read_yaml(text: str) -> tuple[str | None, FlowDocument]:
    """(name if it is there, document) of `name: …, steps: […]`. Invalid with every mistake and its line."""
    raw, lines = _parsed(clean(text))
    if not isinstance(raw, dict):
        raise _invalid([{"line": 1, "field": "", "reason": "write `steps:` and the steps below it"}])
    name = raw.pop("name", None)
    if name is not None and not isinstance(name, str):
        raise _invalid([{"line": lines.get(("name",), 1), "field": "name", "reason": "must be a text"}])
    return name, read_document(raw, lines)


def read_document(raw: Any, lines: Lines | None = None) -> FlowDocument:
    """The document in `raw`, camelCase. Invalid with every mistake, and its line when it is known."""
    try:
        document = FlowDocument.model_validate(raw)
    except ValidationError as error:
        raise _invalid([_told(one, lines or {}) for one in error.errors(include_url=False)]) from None
    problems = list(_mistakes(document, lines or {}))
    if problems:
        raise _invalid(problems)
    return document


def check_document(document: FlowDocument) -> None:
    """Invalid with what is wrong in conditions and reasons."""
    if problems := list(_mistakes(document, {})):
        raise _invalid(problems)


def write_yaml(name: str, document: FlowDocument) -> str:
    """The document as YAML, with its name; what is as it is without being said is left out."""
    raw = document.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    for step, whole in zip(raw["steps"], document.steps, strict=True):
        said = dict(step)
        first = {"kind": whole.kind} | ({"offerType": whole.offer_type} if whole.kind == "offer" else {})
        last = {"when": said.pop("when")} if "when" in said else {}
        step.clear()
        step |= first | said | last
    return str(yaml.safe_dump({"name": name, **raw}, sort_keys=False, allow_unicode=True, width=100))


def diff_of(name: str, before: FlowDocument, after: FlowDocument) -> str:
    """The two in YAML, as `diff -u` shows them."""
    old, new = (write_yaml(name, one).splitlines() for one in (before, after))
    return "\n".join(unified_diff(old, new, "before", "after", lineterm=""))


def _parsed(text: str) -> tuple[Any, Lines]:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if node is None:
            return None, {}
        lines: Lines = {}
        _look(node, (), lines, set())
        return yaml.SafeLoader("").construct_document(node), lines
    except yaml.MarkedYAMLError as error:
        is_open = "unexpected end" in (error.problem or "")
        mark = error.context_mark if is_open else error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise _invalid([{"line": line, "field": "", "reason": f"is not YAML: {error.problem or error}"}]) from None
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        reason = "is nested too deep" if isinstance(error, RecursionError) else f"is not YAML: {error}"
        raise _invalid([{"line": 1, "field": "", "reason": reason}]) from None


def _look(node: yaml.Node, path: tuple[str | int, ...], lines: Lines, seen: set[int]) -> None:
    """Note the line of every value. A part that is used twice is refused: a few of those are as long as a library."""
    line = node.start_mark.line + 1
    if id(node) in seen or len(path) > _DEEPEST:
        reason = "is nested too deep" if len(path) > _DEEPEST else "write it out: anchors and aliases are not read"
        raise _invalid([{"line": line, "field": _field(path), "reason": reason}])
    seen.add(id(node))
    lines[path] = line
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            _look(item, (*path, number), lines, seen)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _look(value, (*path, str(key.value)), lines, seen)


def _told(error: Any, lines: Lines) -> Problem:
    path = tuple(part for part in error["loc"] if part not in _TAGS)
    return _problem(path, error["msg"].removeprefix("Value error, "), lines)


def _mistakes(document: FlowDocument, lines: Lines) -> Iterator[Problem]:
    """What the types cannot tell: conditions that cannot run, feedback that Stripe does not know."""
    for number, step in enumerate(document.steps):
        if step.kind == "offer" and step.when is not None:
            for problem in check(step.when, CATALOGUE):
                hint = f" ({problem.hint})" if problem.hint else ""
                yield _problem(("steps", number, "when"), f"{problem.path} {problem.message}{hint}".strip(), lines)
        if step.kind == "survey":
            for place, reason in enumerate(step.reasons):
                if reason.feedback is not None and reason.feedback not in REASONS:
                    where = ("steps", number, "reasons", place, "feedback")
                    yield _problem(where, f"Stripe knows {', '.join(REASONS)}", lines)


def _problem(path: tuple[str | int, ...], reason: str, lines: Lines) -> Problem:
    near = next((lines[path[:end]] for end in range(len(path), -1, -1) if path[:end] in lines), None)
    return {"line": near, "field": _field(path), "reason": reason}


def _field(path: tuple[str | int, ...]) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _invalid(problems: list[Problem]) -> Invalid:
    first = problems[0]
    line = f"line {first['line']}: " if first["line"] else ""
    field = f"{first['field']}: " if first["field"] else ""
    return Invalid(f"{line}{field}{first['reason']}", field=first["field"] or "yaml", problems=problems)
