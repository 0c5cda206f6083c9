"""Conditions: what check refuses, where it points and what it advises."""

from itertools import product
from typing import Any

import pytest

from backend.rules.closures import compile_condition
from backend.rules.conditions import DEEPEST, MOST_NODES, check
from backend.rules.facts import Catalogue, Fact
from backend.rules.problems import InvalidRules

CATALOGUE = Catalogue(
    "test",
    Fact("age", "integer", "age"),
    Fact("price", "money_major", "price"),
    Fact("tier", "choice", "tier", choices=("GOLD", "SILVER")),
    Fact("name", "text", "name"),
    Fact("is_new", "boolean", "new"),
    Fact("tags", "list", "tags"),
)
FINE = {"fact": "age", "op": "gt", "value": 5}


@pytest.mark.parametrize(
    ("tree", "path", "message", "hint"),
    [
        ({"fact": "agee", "op": "gt", "value": 5}, "fact", "there is no fact 'agee'", "did you mean age?"),
        ({"fact": ["age"], "op": "gt", "value": 5}, "fact", "there is no fact of type list", ""),
        ({"fact": "age", "op": ">=", "value": 5}, "op", "there is no operator '>='", "write ge"),
        (
            {"fact": "age", "op": "contains", "value": 5},
            "op",
            "contains does not fit age, which",
            "use one of",
        ),
        (
            {"fact": "is_new", "op": "gt", "value": True},
            "op",
            "gt does not fit is_new, which",
            "use one of eq",
        ),
        ({"fact": "age", "op": {}, "value": 5}, "op", "there is no operator of type dict", "use one of"),
        ({"fact": "age", "op": "gt"}, "value", "is missing", ""),
        ({"fact": "age", "op": "gt", "value": 5.5}, "value", "must be a whole number", "age is of type integer"),
        ({"fact": "price", "op": "gt", "value": "5"}, "value", "must be a number", "price is of type money_major"),
        ({"fact": "price", "op": "gt", "value": float("inf")}, "value", "must be a finite number", ""),
        ({"fact": "price", "op": "gt", "value": 10**400}, "value", "is too large a number", ""),
        ({"fact": "tier", "op": "in", "value": ["GOLD", "TIN"]}, "value[1]", "must be one of GOLD, SILVER", ""),
        ({"fact": "tier", "op": "in", "value": []}, "value", "must hold 1 to 200 values", ""),
        ({"fact": "tier", "op": "in", "value": "GOLD"}, "value", "must be a list", "in wants [a, b, …]"),
        ({"fact": "age", "op": "between", "value": [5]}, "value", "must hold two values", ""),
        (
            {"fact": "age", "op": "between", "value": [9, 5]},
            "value",
            "the low end is above the high end",
            "write [5, 9]",
        ),
        ({"fact": "age", "op": "between", "value": ["a", 5]}, "value[0]", "must be a whole number", ""),
        ({"fact": "age", "op": "exists", "value": 1}, "value", "must be true (known) or false (unknown)", ""),
        ({"fact": "name", "op": "eq", "value": ""}, "value", "must be a text", ""),
        ({"any": []}, "any", "is empty and would never hold", 'write {"all": []}'),
        ({"all": FINE}, "all", "must be a list of conditions", ""),
        ({"all": [FINE, {"not": 7}]}, "all[1].not", "a condition must be an object", ""),
        ({"all": [FINE], "any": [FINE]}, "", "is not a condition", ""),
        ({**FINE, "then": 1}, "", "is not a condition", ""),
        ({}, "", "is not a condition", ""),
        (None, "", "a condition must be an object", ""),
    ],
)
def test_refusals_point_and_advise(tree: Any, path: str, message: str, hint: str) -> None:
    (problem,) = check(tree, CATALOGUE)
    assert problem.path == path
    assert problem.message.startswith(message)
    assert hint in problem.hint
    with pytest.raises(InvalidRules) as refused:
        compile_condition(tree, CATALOGUE)
    assert refused.value.problems == (problem,)


def test_every_problem_is_told_at_once_under_the_given_path() -> None:
    tree = {
        "all": [{"fact": "agee", "op": "gt", "value": 1}, {"any": [FINE, {"fact": "age", "op": "gt", "value": "x"}]}]
    }
    paths = [problem.path for problem in check(tree, CATALOGUE, "rules[3].when")]
    assert paths == ["rules[3].when.all[0].fact", "rules[3].when.all[1].any[1].value"]


def _nested(levels: int) -> dict[str, Any]:
    tree: dict[str, Any] = FINE
    for _ in range(levels - 1):
        tree = {"not": tree}
    return tree


def test_depth_limit_on_both_sides() -> None:
    assert check(_nested(DEEPEST), CATALOGUE) == []
    (problem,) = check(_nested(DEEPEST + 1), CATALOGUE)
    assert "nested more than 8 levels" in problem.message


def test_absurd_depth_is_refused_without_recursion() -> None:
    assert len(check(_nested(50_000), CATALOGUE)) == 1


def test_size_limit_on_both_sides() -> None:
    assert check({"all": [FINE] * (MOST_NODES - 1)}, CATALOGUE) == []
    (problem,) = check({"all": [FINE] * 100_000}, CATALOGUE)
    assert "more than 200 parts" in problem.message
    with pytest.raises(InvalidRules):
        compile_condition({"all": [FINE] * MOST_NODES}, CATALOGUE)


def test_unknown_facts_are_false_for_every_comparison_even_ne() -> None:
    for op, value in [("gt", 1), ("lt", 1), ("eq", 1), ("ne", 1), ("not_in", [1]), ("between", [0, 9])]:
        test = compile_condition({"fact": "age", "op": op, "value": value}, CATALOGUE)
        assert not test({})
        assert not test({"age": None})
    assert compile_condition({"fact": "age", "op": "exists", "value": False}, CATALOGUE)({"age": None})


@pytest.mark.parametrize("size", range(1, 6))
def test_every_combination_of_up_to_five_children(size: int) -> None:
    catalogue = Catalogue("test", *(Fact(f"f{at}", "boolean", "x") for at in range(size)))
    leaves = [{"fact": f"f{at}", "op": "eq", "value": True} for at in range(size)]
    every, some = (compile_condition({key: leaves}, catalogue) for key in ("all", "any"))
    for values in product([True, False], repeat=size):
        facts = {f"f{at}": value for at, value in enumerate(values)}
        assert every(facts) is all(values)
        assert some(facts) is any(values)


def test_always_and_otherwise() -> None:
    assert compile_condition({"all": []}, CATALOGUE)({})
    assert not compile_condition({"not": {"all": []}}, CATALOGUE)({})
