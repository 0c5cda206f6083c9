"""Conditions that also say why: which comparisons decided, with the values they saw."""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from backend.rules.closures import compile_node
from backend.rules.conditions import AllOf, AnyOf, Leaf, Node, Not
from backend.rules.facts import Facts

_LONGEST_SHOWN = 80
_MOST_SHOWN = 10
_PLAIN = frozenset({bool, int})


class Deciding(NamedTuple):
    """One comparison that decided: `fact op value` met `actual`, and `held` or not. Json-able."""

    fact: str
    op: str
    value: Any
    actual: Any
    held: bool


Explained: TypeAlias = tuple[bool, tuple[Deciding, ...]]
Explain: TypeAlias = Callable[[Facts], Explained]


def compile_explained(node: Node) -> Explain:
    """A function from facts to whether `node` holds and the comparisons that decided it.

    An `all` that holds was decided by every child, one that fails by its first failing child; an `any` the other
    way round. Children after the deciding one are not looked at, exactly as without a trace.
    """
    match node:
        case Leaf():
            return _leaf(node)
        case AllOf(children):
            return _until(False, [compile_explained(child) for child in children])
        case AnyOf(children):
            return _until(True, [compile_explained(child) for child in children])
        case Not(child):
            explain = compile_explained(child)

            def inverted(facts: Facts) -> Explained:
                held, because = explain(facts)
                return not held, because

            return inverted


def _leaf(leaf: Leaf) -> Explain:
    test, name, op, value = compile_node(leaf), leaf.fact.name, leaf.operator.name, leaf.value

    def explain(facts: Facts) -> Explained:
        held = test(facts)
        return held, (Deciding(name, op, value, _json_able(facts.get(name)), held),)

    return explain


def _until(decisive: bool, children: list[Explain]) -> Explain:
    def explain(facts: Facts) -> Explained:
        gathered: tuple[Deciding, ...] = ()
        for child in children:
            held, because = child(facts)
            if held is decisive:
                return held, because
            gathered += because
        return not decisive, gathered

    return explain


def _json_able(value: object) -> Any:
    """`value` small and safe to store and to show: texts cleaned of control characters and cut, lists cut."""
    if value is None or type(value) in _PLAIN:
        return value
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else list(value)
        return [cleaned(str(item)) for item in items[:_MOST_SHOWN]]
    return cleaned(str(value))


def cleaned(text: str) -> str:
    """`text` from outside without control, escape and direction characters, cut to a length a line can hold."""
    kept = "".join(character for character in text[: 2 * _LONGEST_SHOWN] if character.isprintable())
    return kept if len(kept) <= _LONGEST_SHOWN else kept[: _LONGEST_SHOWN - 1] + "…"
