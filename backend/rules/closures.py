"""Conditions compiled to plain closures, once, so that evaluating them costs a few dictionary reads."""

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from backend.rules.conditions import AllOf, AnyOf, Leaf, Node, Not, parse
from backend.rules.facts import Catalogue, Facts

Test: TypeAlias = Callable[[Facts], bool]

_INCOMPARABLE = (TypeError, ArithmeticError)  # the second is how a Decimal that is not a number refuses


def compile_condition(tree: object, catalogue: Catalogue) -> Test:
    """A function from facts to whether the JSON `tree` holds. Raises InvalidRules with everything `check` finds."""
    return compile_node(parse(tree, catalogue))


def compile_node(node: Node) -> Test:
    """A function from facts to whether `node` holds; it never raises, whatever the facts hold."""
    match node:
        case Leaf():
            return _LEAVES[node.operator.name](node.fact.name, node.value)
        case AllOf(children):
            return _all_of([compile_node(child) for child in children])
        case AnyOf(children):
            return _any_of([compile_node(child) for child in children])
        case Not(child):
            test = compile_node(child)
            return lambda facts: not test(facts)


def _all_of(tests: list[Test]) -> Test:
    # Two and three children are by far the commonest; written out they cost half of the loop.
    match tests:
        case []:
            return _always
        case [only]:
            return only
        case [first, second]:
            return lambda facts: first(facts) and second(facts)
        case [first, second, third]:
            return lambda facts: first(facts) and second(facts) and third(facts)

    def every(facts: Facts) -> bool:
        for test in tests:  # noqa: SIM110 - all() over a generator takes twice as long
            if not test(facts):
                return False
        return True

    return every


def _always(_: Facts) -> bool:
    return True


def _any_of(tests: list[Test]) -> Test:
    match tests:
        case [only]:
            return only
        case [first, second]:
            return lambda facts: first(facts) or second(facts)
        case [first, second, third]:
            return lambda facts: first(facts) or second(facts) or third(facts)

    def some(facts: Facts) -> bool:
        for test in tests:  # noqa: SIM110 - any() over a generator takes twice as long
            if test(facts):
                return True
        return False

    return some


# Below: one closure per operator. `try` is free until it is needed, so a fact of a type that cannot be compared
# (a text where a number belongs) makes its comparison false instead of stopping every other rule.


def _eq(name: str, wanted: object) -> Test:
    return lambda facts: facts.get(name) == wanted


def _ne(name: str, unwanted: object) -> Test:
    def test(facts: Facts) -> bool:
        value = facts.get(name)
        return value is not None and value != unwanted

    return test


def _gt(name: str, limit: float) -> Test:
    def test(facts: Facts) -> bool:
        value: float | None = facts.get(name)
        try:
            return value is not None and value > limit
        except _INCOMPARABLE:
            return False

    return test


def _ge(name: str, limit: float) -> Test:
    def test(facts: Facts) -> bool:
        value: float | None = facts.get(name)
        try:
            return value is not None and value >= limit
        except _INCOMPARABLE:
            return False

    return test


def _lt(name: str, limit: float) -> Test:
    def test(facts: Facts) -> bool:
        value: float | None = facts.get(name)
        try:
            return value is not None and value < limit
        except _INCOMPARABLE:
            return False

    return test


def _le(name: str, limit: float) -> Test:
    def test(facts: Facts) -> bool:
        value: float | None = facts.get(name)
        try:
            return value is not None and value <= limit
        except _INCOMPARABLE:
            return False

    return test


def _between(name: str, ends: tuple[float, float]) -> Test:
    low, high = ends

    def test(facts: Facts) -> bool:
        value: float | None = facts.get(name)
        try:
            return value is not None and low <= value <= high
        except _INCOMPARABLE:
            return False

    return test


def _in(name: str, values: list[Any]) -> Test:
    wanted = frozenset(values)

    def test(facts: Facts) -> bool:
        try:
            return facts.get(name) in wanted
        except _INCOMPARABLE:
            return False

    return test


def _not_in(name: str, values: list[Any]) -> Test:
    unwanted = frozenset(values)

    def test(facts: Facts) -> bool:
        value = facts.get(name)
        try:
            return value is not None and value not in unwanted
        except _INCOMPARABLE:
            return False

    return test


def _contains(name: str, part: str) -> Test:
    def test(facts: Facts) -> bool:
        value = facts.get(name)
        try:
            return value is not None and part in value
        except _INCOMPARABLE:
            return False

    return test


def _contains_any(name: str, parts: list[str]) -> Test:
    wanted = frozenset(parts)

    def test(facts: Facts) -> bool:
        value = facts.get(name)
        try:
            return value is not None and not wanted.isdisjoint(value)
        except _INCOMPARABLE:
            return False

    return test


def _exists(name: str, expected: bool) -> Test:
    if expected:
        return lambda facts: facts.get(name) is not None
    return lambda facts: facts.get(name) is None


class _MakeTest(Protocol):
    def __call__(self, name: str, value: Any, /) -> Test: ...


_LEAVES: dict[str, _MakeTest] = {
    "eq": _eq,
    "ne": _ne,
    "gt": _gt,
    "ge": _ge,
    "lt": _lt,
    "le": _le,
    "between": _between,
    "in": _in,
    "not_in": _not_in,
    "contains": _contains,
    "contains_any": _contains_any,
    "exists": _exists,
}
