"""Documents that people write as YAML: read with the line of every value, so that each mistake is told with its line."""

from collections.abc import Collection, Sequence
from difflib import unified_diff
from typing import Any

import yaml  # type: ignore[import-untyped]

from backend.core.errors import Invalid
from backend.core.text import clean

_DEEPEST = 20
Path = tuple[str | int, ...]
Lines = dict[Path, int]
Problem = dict[str, Any]
"""{line, field, reason}; the line is None when it is not known."""


def read(text: str) -> tuple[Any, Lines]:
    """What the text says, and the line of every value in it. Invalid when it is not YAML, or too deep, or has anchors."""
    try:
        node = yaml.compose(clean(text), Loader=yaml.SafeLoader)
        if node is None:
            return None, {}
        lines: Lines = {}
        _look(node, (), lines, set())
        return yaml.SafeLoader("").construct_document(node), lines
    except yaml.MarkedYAMLError as error:
        is_open = "unexpected end" in (error.problem or "")
        mark = error.context_mark if is_open else error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise refusal([{"line": line, "field": "", "reason": f"is not YAML: {error.problem or error}"}]) from None
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        reason = "is nested too deep" if isinstance(error, RecursionError) else f"is not YAML: {error}"
        raise refusal([{"line": 1, "field": "", "reason": reason}]) from None


def write(value: Any) -> str:
    """A value as YAML, in the order it has."""
    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100))


def difference(before: str, after: str) -> str:
    """Two texts, as `diff -u` shows them."""
    return "\n".join(unified_diff(before.splitlines(), after.splitlines(), "before", "after", lineterm=""))


def told(error: Any, lines: Lines, tags: Collection[str]) -> Problem:
    """One of pydantic's errors. `tags` are what it puts into a path for which shape it tried."""
    path = tuple(part for part in error["loc"] if part not in tags)
    return problem(path, error["msg"].removeprefix("Value error, "), lines)


def problem(path: Path, reason: str, lines: Lines) -> Problem:
    """What is wrong at a path, with the line of the nearest part that has one."""
    near = next((lines[path[:end]] for end in range(len(path), -1, -1) if path[:end] in lines), None)
    return {"line": near, "field": _field(path), "reason": reason}


def refusal(problems: Sequence[Problem]) -> Invalid:
    """The error that tells the first of them in words, and all in its details."""
    first = problems[0]
    line = f"line {first['line']}: " if first["line"] else ""
    field = f"{first['field']}: " if first["field"] else ""
    return Invalid(f"{line}{field}{first['reason']}", field=first["field"] or "yaml", problems=list(problems))


def _look(node: yaml.Node, path: Path, lines: Lines, seen: set[int]) -> None:
    """Note the line of every value. A part that is used twice is refused: a few of those are as long as a library."""
    line = node.start_mark.line + 1
    if id(node) in seen or len(path) > _DEEPEST:
        reason = "is nested too deep" if len(path) > _DEEPEST else "write it out: anchors and aliases are not read"
        raise refusal([{"line": line, "field": _field(path), "reason": reason}])
    seen.add(id(node))
    lines[path] = line
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            _look(item, (*path, number), lines, seen)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _look(value, (*path, str(key.value)), lines, seen)


def _field(path: Path) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
