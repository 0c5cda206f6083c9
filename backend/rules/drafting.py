"""A draft looked at as it is typed: everything that is wrong with it, and what it says, however broken it is."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from backend.rules import service
from backend.rules.comparing import changes_between
from backend.rules.conditions import check as check_condition
from backend.rules.documents import Rule, RuleSetDocument
from backend.rules.kinds import Kind, problems_of
from backend.rules.problems import Problem
from backend.rules.prose import findings_of, in_words, sentence
from backend.rules.schemas import Draft
from backend.rules.wording import describe
from backend.work import Work

State = dict[str, Any]
_PLACE = re.compile(r"rules\[(\d+)\]")


def check(work: Work, name: str, body: Draft) -> State:
    """What publishing the draft would be refused for, and what it says: {version, problems, words, conditions,
    warnings, findings, changes}.

    `words` has a sentence for each rule, None for one that cannot be read; `conditions` for each rule the parts of its
    condition as {path, words}. Warnings and changes are told of a draft without problems. Changes nothing.
    """
    kind, old = service.kind_of(name), service.current(work, name)
    raw = service.raw_draft(old, body.model_dump(exclude_none=True))
    problems, rules = looked_at(kind, raw)
    document = RuleSetDocument(
        kind=kind.name, groups=old.document.groups, settings=raw["settings"], rules=list(rules.values())
    )
    broken = {int(found[1]) for problem in problems if (found := _PLACE.match(problem.path))}
    findings = [] if problems else findings_of(kind, document)
    return {
        "kind": kind.name,
        "version": old.version,
        "problems": service.told(problems),
        "words": [
            sentence(kind, rules[place]) if place in rules and place not in broken else None
            for place in range(len(raw["rules"]))
        ],
        "conditions": [parts_of(kind, rule.get("when"), "when") for rule in raw["rules"]],
        "findings": findings,
        "warnings": in_words(findings),
        "changes": [] if problems else changes_between(kind, old.document, document),
    }


def looked_at(kind: Kind, raw: Mapping[str, Any]) -> tuple[list[Problem], dict[int, Rule]]:
    """Everything wrong with a draft, and its rules that have at least the shape of one, by their place.

    A rule without a label does not hide what is wrong with the next one's condition.
    """
    problems: list[Problem] = []
    rules: dict[int, Rule] = {}
    for place, one in enumerate(raw["rules"]):
        try:
            rules[place] = Rule.model_validate(one, strict=True)
        except ValidationError as error:
            problems += problems_of(error, f"rules[{place}]")
            problems += (
                check_condition(one.get("when"), kind.catalogue, f"rules[{place}].when") if "when" in one else []
            )
    document = RuleSetDocument(
        kind=kind.name,
        groups={name: group.strategy for name, group in kind.groups.items()},
        settings=raw["settings"],
        rules=list(rules.values()),
    )
    return problems + [_moved(problem, list(rules)) for problem in kind.check(document)], rules


def _moved(problem: Problem, places: Sequence[int]) -> Problem:
    """A problem of one of the rules that could be read, at the place that the rule has in the draft."""
    path = _PLACE.sub(lambda found: f"rules[{places[int(found[1])]}]", problem.path, count=1)
    return replace(problem, path=path)


def parts_of(kind: Kind, tree: Any, path: str) -> list[State]:
    """A condition and all its parts, outermost first, each in words; words are empty where it cannot be read."""
    told: list[State] = []
    waiting = [(path, tree)]
    while waiting:
        path, node = waiting.pop(0)
        sound = not check_condition(node, kind.catalogue)
        told.append({"path": path, "words": describe(node, kind.catalogue) if sound else ""})
        waiting += _inside(path, node)
        if len(told) + len(waiting) > 500:
            break
    return told


def _inside(path: str, node: Any) -> Iterator[tuple[str, Any]]:
    """The parts of a condition with their paths; none of what is no condition."""
    if not isinstance(node, Mapping):
        return
    if "not" in node:
        yield f"{path}.not", node["not"]
    for key in ("all", "any"):
        parts = node.get(key)
        if isinstance(parts, list):
            yield from ((f"{path}.{key}[{at}]", part) for at, part in enumerate(parts))
