"""Gaps and overlaps, by example and against counting every whole number by hand."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.rules.documents import Rule, RuleSetDocument, Strategy
from backend.rules.engine import compile_rule_set
from backend.rules.facts import Catalogue, Fact
from backend.rules.gaps import find_gaps
from backend.rules.shipped.routing import ROUTING

CATALOGUE = Catalogue(
    "test",
    Fact("value", "money_major", "order value", minimum=0),
    Fact("count", "integer", "count", minimum=0),
    Fact("delta", "number", "change"),
    Fact("event", "text", "event"),
)
UNKNOWN = {"fact": "value", "op": "exists", "value": False}


def document(*conditions: dict[str, Any], strategy: Strategy = "first") -> RuleSetDocument:
    rules = [Rule(id=f"r{at}", label="x", group="g", when=when, then={}) for at, when in enumerate(conditions)]
    return RuleSetDocument(kind="test", groups={"g": strategy}, rules=rules)


def leaf(op: str, value: Any, fact: str = "value") -> dict[str, Any]:
    return {"fact": fact, "op": op, "value": value}


def found(*conditions: dict[str, Any], fact: str = "value") -> list[tuple[str, str, tuple[str, ...]]]:
    return [(f.kind, f.text, f.rules) for f in find_gaps(document(*conditions), "g", fact, CATALOGUE)]


def test_shipped_routing_has_none() -> None:
    assert find_gaps(ROUTING.shipped, "channels", "order_value", ROUTING.catalogue) == []


def test_a_forgotten_boundary_value() -> None:
    assert found(UNKNOWN, leaf("lt", 5_000), leaf("gt", 5_000)) == [("gap", "order value is 5,000", ())]


def test_a_gap_between_and_above_and_for_the_unknown() -> None:
    assert found(leaf("lt", 5_000), leaf("between", [6_000, 9_000])) == [
        ("gap", "5,000 <= order value < 6,000", ()),
        ("gap", "order value > 9,000", ()),
        ("gap", "order value is unknown", ()),
    ]


def test_no_rule_at_all() -> None:
    assert found() == [("gap", "order value >= 0", ()), ("gap", "order value is unknown", ())]
    assert found(fact="delta") == [("gap", "any change", ()), ("gap", "change is unknown", ())]


def test_bands_that_overlap() -> None:
    bands = [leaf("lt", 6_000), {"all": [leaf("ge", 5_000), leaf("lt", 9_000)]}, {"all": []}]
    assert found(*bands) == [("overlap", "5,000 <= order value < 6,000", ("r0", "r1"))]


def test_a_band_behind_a_wider_one_is_unreachable() -> None:
    assert found(leaf("lt", 9_000), leaf("lt", 5_000), {"all": []}) == [
        ("unreachable", "rule r1 can never be the first to hold", ("r1",))
    ]


def test_other_facts_leave_a_band_open() -> None:
    wedding = {"all": [leaf("lt", 5_000), leaf("eq", "WEDDING", "event")]}
    assert found(UNKNOWN, wedding, leaf("ge", 5_000)) == [("gap", "0 <= order value < 5,000", ())]


def test_a_negated_band_covers_only_what_it_surely_covers() -> None:
    not_a_small_wedding = {"not": {"all": [leaf("lt", 5_000), leaf("eq", "WEDDING", "event")]}}
    assert found(UNKNOWN, not_a_small_wedding) == [("gap", "0 <= order value < 5,000", ())]


def test_whole_numbers_have_no_gap_between_neighbours() -> None:
    unknown = leaf("exists", False, "count")
    assert found(unknown, leaf("le", 3, "count"), leaf("ge", 4, "count"), fact="count") == []
    assert found(UNKNOWN, leaf("le", 3), leaf("ge", 4)) == [("gap", "3 < order value < 4", ())]


def test_only_first_match_along_a_number() -> None:
    with pytest.raises(ValueError, match="first-match"):
        find_gaps(document({"all": []}, strategy="all"), "g", "value", CATALOGUE)
    with pytest.raises(ValueError, match="first-match"):
        find_gaps(document({"all": []}), "g", "event", CATALOGUE)


def test_too_many_thresholds_are_refused_not_ignored() -> None:
    many = [leaf("in", list(range(at * 200, at * 200 + 200))) for at in range(3)]
    with pytest.raises(ValueError, match="more than 500"):
        found(*many)


points = st.integers(0, 12)
simple = st.builds(
    lambda op, value: leaf(op, value, "count"), st.sampled_from(["lt", "le", "gt", "ge", "eq", "ne"]), points
)
pairs = st.builds(lambda a, b: leaf("between", sorted([a, b]), "count"), points, points)
either = simple | pairs
bands = either | st.builds(lambda a, b: {"all": [a, b]}, either, either) | st.builds(lambda a: {"not": a}, either)


@given(st.lists(bands, max_size=5))
def test_findings_equal_counting(conditions: list[dict[str, Any]]) -> None:
    rules = document(*conditions)
    values: list[int | None] = [None, *range(15)]
    each = [compile_rule_set(document(when), CATALOGUE, 1) for when in conditions]
    cover = [{value for value in values if one.evaluate({"count": value}).fired} for one in each]

    known = [values_covered - {None} for values_covered in cover]
    gaps = set(values).difference(*cover)
    overlaps = {
        (f"r{i}", f"r{j}")
        for i in range(len(cover))
        for j in range(i + 1, len(cover))
        if known[i] & known[j] and known[i] - known[j] and known[j] - known[i]
    }
    unreachable = {(f"r{j}",) for j in range(len(cover)) if cover[j] <= set().union(*cover[:j])}

    findings = find_gaps(rules, "g", "count", CATALOGUE)
    gap_texts = [finding.text for finding in findings if finding.kind == "gap"]
    assert ("count is unknown" in gap_texts) is (None in gaps)
    assert any(text != "count is unknown" for text in gap_texts) is bool(gaps - {None})
    assert {finding.rules for finding in findings if finding.kind == "overlap"} == overlaps
    assert {finding.rules for finding in findings if finding.kind == "unreachable"} == unreachable
