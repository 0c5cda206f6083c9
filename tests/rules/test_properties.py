"""Properties: closures, traces and checks against an interpreter so plain that it can be read at a glance."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.rules.closures import compile_condition
from backend.rules.conditions import check, parse
from backend.rules.documents import Rule, RuleSetDocument
from backend.rules.engine import compile_rule_set
from backend.rules.facts import Catalogue, Fact
from backend.rules.problems import InvalidRules
from backend.rules.tracing import compile_explained
from backend.rules.wording import describe

CATALOGUE = Catalogue(
    "test",
    Fact("count", "integer", "count"),
    Fact("ratio", "number", "ratio", unit="%"),
    Fact("idle", "duration_seconds", "idle"),
    Fact("price", "money_major", "price"),
    Fact("name", "text", "name"),
    Fact("tier", "choice", "tier", choices=("A", "B", "C")),
    Fact("is_new", "boolean", "new"),
    Fact("tags", "list", "tags"),
)
NUMBERS = ("eq", "ne", "gt", "ge", "lt", "le", "between", "in", "not_in", "exists")
OPS = {
    **dict.fromkeys(["count", "ratio", "idle", "price"], NUMBERS),
    "name": ("eq", "ne", "in", "not_in", "contains", "exists"),
    "tier": ("eq", "ne", "in", "not_in", "exists"),
    "is_new": ("eq", "ne", "exists"),
    "tags": ("contains", "contains_any", "exists"),
}
# Small domains, so that equal values and boundaries are common.
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "count": st.integers(-2, 4),
    "ratio": st.integers(-2, 4) | st.sampled_from([0.5, 1.5]),
    "idle": st.integers(0, 4),
    "price": st.integers(0, 4) | st.sampled_from([0.5, 2.5]),
    "name": st.sampled_from(["a", "ab", "b"]),
    "tier": st.sampled_from(["A", "B", "C"]),
    "is_new": st.booleans(),
    "tags": st.sampled_from(["a", "ab", "b"]),
}
PLAIN: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda actual, value: actual == value,
    "ne": lambda actual, value: actual != value,
    "gt": lambda actual, value: actual > value,
    "ge": lambda actual, value: actual >= value,
    "lt": lambda actual, value: actual < value,
    "le": lambda actual, value: actual <= value,
    "between": lambda actual, value: value[0] <= actual <= value[1],
    "in": lambda actual, value: any(actual == item for item in value),
    "not_in": lambda actual, value: all(actual != item for item in value),
    "contains": lambda actual, value: value in actual,
    "contains_any": lambda actual, value: any(item in actual for item in value),
}


def interpreted(tree: dict[str, Any], facts: dict[str, Any]) -> bool:
    if "all" in tree:
        return all(interpreted(part, facts) for part in tree["all"])
    if "any" in tree:
        return any(interpreted(part, facts) for part in tree["any"])
    if "not" in tree:
        return not interpreted(tree["not"], facts)
    actual = facts.get(tree["fact"])
    if tree["op"] == "exists":
        return (actual is not None) is bool(tree["value"])
    return actual is not None and bool(PLAIN[tree["op"]](actual, tree["value"]))


@st.composite
def leaves(draw: st.DrawFn) -> dict[str, Any]:
    fact = draw(st.sampled_from(sorted(OPS)))
    op, one = draw(st.sampled_from(OPS[fact])), VALUES[fact]
    if op == "exists":
        value: Any = draw(st.booleans())
    elif op == "between":
        value = sorted([draw(one), draw(one)])
    elif op in ("in", "not_in", "contains_any"):
        value = draw(st.lists(one, min_size=1, max_size=3))
    else:
        value = draw(one)
    return {"fact": fact, "op": op, "value": value}


def branches(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return (
        st.fixed_dictionaries({"all": st.lists(parts, max_size=5)})
        | st.fixed_dictionaries({"any": st.lists(parts, min_size=1, max_size=5)})
        | st.fixed_dictionaries({"not": parts})
    )


def levels(most: int) -> st.SearchStrategy[Any]:
    return leaves() if most == 1 else leaves() | branches(levels(most - 1))


trees = levels(4)
facts_at_hand = st.fixed_dictionaries(
    {},
    optional={
        name: st.none() | (st.lists(values, max_size=3) if name == "tags" else values)
        for name, values in VALUES.items()
    },
)
anything = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["", "ab", "\x1b[2J", Decimal("NaN"), Decimal("2.5")])
    | st.lists(st.integers(), max_size=2)
)


@given(trees, facts_at_hand)
def test_closures_equal_the_interpreter(tree: dict[str, Any], facts: dict[str, Any]) -> None:
    assert compile_condition(tree, CATALOGUE)(facts) is interpreted(tree, facts)


@given(trees, facts_at_hand)
def test_trace_tells_the_same_and_its_comparisons_are_true(tree: dict[str, Any], facts: dict[str, Any]) -> None:
    held, because = compile_explained(parse(tree, CATALOGUE))(facts)
    assert held is interpreted(tree, facts)
    for part in because:
        leaf = {"fact": part.fact, "op": part.op, "value": part.value}
        assert interpreted(leaf, facts) is part.held
        assert part.actual == facts.get(part.fact)
    # The deciding facts alone lead to the same outcome: nothing that mattered was left out.
    assert interpreted(tree, {part.fact: facts.get(part.fact) for part in because}) is held or _rests_on_absence(tree)


def _rests_on_absence(tree: dict[str, Any]) -> bool:
    """A tree in which a comparison that was never looked at may turn when its fact is taken away."""
    return "not" in json.dumps(tree) or '"exists"' in json.dumps(tree)


@given(trees, st.dictionaries(st.sampled_from(sorted(OPS)), anything))
def test_no_fact_of_a_wrong_type_can_stop_a_rule(tree: dict[str, Any], facts: dict[str, Any]) -> None:
    test, explain = compile_condition(tree, CATALOGUE), compile_explained(parse(tree, CATALOGUE))
    held, because = explain(facts)
    assert test(facts) is held
    json.dumps([part._asdict() for part in because], allow_nan=False)


def is_sound(tree: Any) -> bool:
    """What the documentation promises to accept, written down a second time."""
    if not isinstance(tree, dict):
        return False
    if set(tree) in ({"all"}, {"any"}):
        ((key, parts),) = tree.items()
        return isinstance(parts, list) and (key == "all" or bool(parts)) and all(map(is_sound, parts))
    if set(tree) == {"not"}:
        return is_sound(tree["not"])
    if set(tree) != {"fact", "op", "value"} or tree["op"] not in OPS.get(tree["fact"], ()):
        return False
    op, value = tree["op"], tree["value"]
    if op == "exists":
        return isinstance(value, bool)
    if op in ("between", "in", "not_in", "contains_any"):
        if not isinstance(value, list) or not value or not all(fits(tree["fact"], item) for item in value):
            return False
        return op != "between" or (len(value) == 2 and value[0] <= value[1])
    return fits(tree["fact"], value)


def fits(fact: str, value: Any) -> bool:
    if fact == "is_new":
        return isinstance(value, bool)
    if fact in ("name", "tags"):
        return isinstance(value, str) and value != ""
    if fact == "tier":
        return value in ("A", "B", "C")
    whole = type(value) is int and abs(value) <= 10**15
    return whole or (fact != "count" and type(value) is float and abs(value) <= 1e15)


odd_leaves = st.fixed_dictionaries(
    {
        "fact": st.sampled_from([*OPS, "nmae"]),
        "op": st.sampled_from([*NUMBERS, "contains", "contains_any", ">", "is"]),
    },
    optional={
        "value": anything | st.lists(st.sampled_from([1, 2, 0.5, "A", "a", True]), max_size=2),
        "note": st.just(1),
    },
)
odd_trees: st.SearchStrategy[Any] = st.recursive(
    leaves() | odd_leaves | anything, lambda parts: branches(parts) | st.just({"any": []}), max_leaves=5
)


@given(odd_trees)
def test_check_accepts_exactly_what_runs(tree: Any) -> None:
    problems = check(tree, CATALOGUE)
    assert (problems == []) is is_sound(tree)
    if problems:
        with pytest.raises(InvalidRules):
            compile_condition(tree, CATALOGUE)
    else:
        assert compile_condition(tree, CATALOGUE)({}) is interpreted(tree, {})
        assert describe(tree, CATALOGUE)


@given(st.lists(st.tuples(trees, st.integers(-20, 40)), max_size=6), facts_at_hand)
def test_verdict_with_trace_equals_verdict_without(rules: list[tuple[Any, int]], facts: dict[str, Any]) -> None:
    document = RuleSetDocument(
        kind="test",
        groups={"first": "first", "all": "all", "sum": "sum"},
        settings={"base": 10, "floor": 0, "cap": 60},
        rules=[
            Rule(id=f"{group}_{at}", label="x", group=group, when=tree, then={"points": points}, text="{price} {tags}")
            for group in ("first", "all", "sum")
            for at, (tree, points) in enumerate(rules)
        ],
    )
    compiled = compile_rule_set(document, CATALOGUE, 3)
    for group in compiled.groups:
        traced = compiled.evaluate(facts, group=group, trace=True)
        plain = compiled.evaluate(facts, group=group, trace=False)
        assert traced._replace(trace=None) == plain
        assert [looked.rule_id for looked in traced.trace or [] if looked.fired] == [f.rule_id for f in plain.fired]
        json.dumps(traced.as_json(), allow_nan=False)
    hits = [points for tree, points in rules if interpreted(tree, facts)]
    assert compiled.evaluate(facts, group="sum").result == max(0, min(60, 10 + sum(hits)))
    assert compiled.evaluate(facts, group="all").result == [{"points": points} for points in hits]
    assert compiled.evaluate(facts, group="first").result == ({"points": hits[0]} if hits else None)
