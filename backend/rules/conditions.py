"""Conditions: a JSON tree read into typed nodes, or refused with reasons.

A condition is one of `{"all": [...]}`, `{"any": [...]}`, `{"not": {...}}` and `{"fact": ..., "op": ..., "value": ...}`.
`{"all": []}` always holds, which is how an "otherwise" rule is written. A comparison with a fact that is missing,
None, or cannot be compared is false, also for `ne` and `not_in`; only `exists` asks whether a fact is known at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from backend.rules.facts import Catalogue, Fact
from backend.rules.operators import FITTING, OPERATORS, Operator, operator_hint
from backend.rules.problems import InvalidRules, Problem

DEEPEST = 8
MOST_NODES = 200
MOST_VALUES = 200


@dataclass(frozen=True, slots=True)
class Leaf:
    """One comparison; `value` fits the operator's shape and the fact's type."""

    fact: Fact
    operator: Operator
    value: Any


@dataclass(frozen=True, slots=True)
class AllOf:
    children: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    children: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    child: "Node"


Node: TypeAlias = Leaf | AllOf | AnyOf | Not


def check(tree: object, catalogue: Catalogue, path: str = "") -> list[Problem]:
    """What is wrong with the JSON `tree`; empty when it can run. Paths start with `path`."""
    reader = _Reader(catalogue)
    reader.node(tree, path, 1)
    return reader.problems


def parse(tree: object, catalogue: Catalogue) -> Node:
    """The typed nodes of the JSON `tree`. Raises InvalidRules with everything `check` finds."""
    reader = _Reader(catalogue)
    node = reader.node(tree, "", 1)
    if node is None or reader.problems:
        raise InvalidRules(reader.problems)
    return node


class _Reader:
    """Walks a tree once, collecting problems; a part that has a problem reads as None."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.problems: list[Problem] = []
        self.nodes = 0

    def _refuse(self, path: str, message: str, hint: str = "") -> None:
        self.problems.append(Problem(path, message, hint))

    def node(self, tree: object, path: str, depth: int) -> Node | None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            if self.nodes == MOST_NODES + 1:
                self._refuse(path, f"the condition has more than {MOST_NODES} parts", "split it into several rules")
            return None
        if depth > DEEPEST:
            self._refuse(
                path, f"the condition is nested more than {DEEPEST} levels deep", "split it into several rules"
            )
            return None
        if not isinstance(tree, Mapping):
            self._refuse(path, "a condition must be an object", 'write {"fact": …, "op": …, "value": …}')
            return None
        keys = set(tree)
        if keys == {"all"} or keys == {"any"}:
            return self._branch(tree, path, depth)
        if keys == {"not"}:
            child = self.node(tree["not"], _join(path, "not"), depth + 1)
            return None if child is None else Not(child)
        if "fact" in keys and keys <= {"fact", "op", "value"}:
            return self._leaf(tree, path)
        self._refuse(path, "is not a condition", "write all, any, not, or fact with op and value, and nothing beside")
        return None

    def _branch(self, tree: Mapping[str, Any], path: str, depth: int) -> Node | None:
        key = "all" if "all" in tree else "any"
        where, parts = _join(path, key), tree[key]
        if not isinstance(parts, list | tuple):
            self._refuse(where, "must be a list of conditions")
            return None
        if key == "any" and not parts:
            self._refuse(where, "is empty and would never hold", 'for a rule that always holds write {"all": []}')
            return None
        children = []
        for index, part in enumerate(parts):
            if self.nodes > MOST_NODES:
                break
            children.append(self.node(part, f"{where}[{index}]", depth + 1))
        sound = tuple(child for child in children if child is not None)
        if len(sound) < len(parts):
            return None
        return AllOf(sound) if key == "all" else AnyOf(sound)

    def _leaf(self, tree: Mapping[str, Any], path: str) -> Leaf | None:
        name = tree["fact"]
        fact = self.catalogue.get(name) if isinstance(name, str) else None
        if fact is None:
            hint = self.catalogue.suggestion(name) if isinstance(name, str) else ""
            self._refuse(_join(path, "fact"), f"there is no fact {_shown(name)}", hint)
            return None
        fitting, op = FITTING[fact.type], tree.get("op")
        if not isinstance(op, str) or op not in fitting:
            message = f"there is no operator {_shown(op)}"
            if isinstance(op, str) and op in OPERATORS:
                message = f"{op} does not fit {fact.name}, which is of type {fact.type}"
            self._refuse(_join(path, "op"), message, operator_hint(op, fitting))
            return None
        where, operator = _join(path, "value"), OPERATORS[op]
        if "value" not in tree:
            self._refuse(where, "is missing")
            return None
        before = len(self.problems)
        self._value(fact, operator, tree["value"], where)
        return Leaf(fact, operator, tree["value"]) if len(self.problems) == before else None

    def _value(self, fact: Fact, operator: Operator, value: object, path: str) -> None:
        if operator.shape == "flag":
            if not isinstance(value, bool):
                self._refuse(path, "must be true (known) or false (unknown)")
        elif operator.shape == "one":
            self._one(fact, value, path)
        elif not isinstance(value, list | tuple):
            wanted = "[low, high]" if operator.shape == "pair" else "[a, b, …]"
            self._refuse(path, "must be a list", f"{operator.name} wants {wanted}")
        elif operator.shape == "pair":
            self._pair(fact, value, path)
        elif not 1 <= len(value) <= MOST_VALUES:
            self._refuse(path, f"must hold 1 to {MOST_VALUES} values")
        else:
            for index, item in enumerate(value):
                self._one(fact, item, f"{path}[{index}]")

    def _one(self, fact: Fact, value: object, path: str) -> bool:
        objection = fact.objection(value)
        if objection:
            self._refuse(path, objection, f"{fact.name} is of type {fact.type}")
        return not objection

    def _pair(self, fact: Fact, value: Sequence[Any], path: str) -> None:
        if len(value) != 2:
            self._refuse(path, "must hold two values", "between wants [low, high], both included")
            return
        are_sound = [self._one(fact, item, f"{path}[{index}]") for index, item in enumerate(value)]
        if all(are_sound) and value[0] > value[1]:
            self._refuse(path, "the low end is above the high end", f"write [{value[1]}, {value[0]}]")


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _shown(value: object) -> str:
    return repr(value[:60]) if isinstance(value, str) else f"of type {type(value).__name__}"
