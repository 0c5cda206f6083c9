"""Gaps and overlaps: values of one numeric fact that no rule of a first-match group covers, or that two rules claim.

Between two neighbouring thresholds nothing changes, so it is enough to try every threshold and one value of every
stretch between. Other facts are left open: a rule surely covers a value when it fires there whatever they are, and
possibly when it fires there for some of them.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any, Literal, TypeAlias

from backend.rules.closures import compile_node
from backend.rules.conditions import AllOf, AnyOf, Leaf, Node, Not, parse
from backend.rules.documents import RuleSetDocument
from backend.rules.facts import Catalogue, Fact
from backend.rules.wording import value_in_words

MOST_THRESHOLDS = 500

Cover: TypeAlias = tuple[bool, bool]  # surely, possibly
Try: TypeAlias = int | float | Fraction | None


@dataclass(frozen=True, slots=True)
class Finding:
    """gap: no rule surely covers `text`. overlap: both `rules` do, the first wins. unreachable: earlier rules do."""

    kind: Literal["gap", "overlap", "unreachable"]
    text: str
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Cell:
    """A threshold (`low` is `high`) or the open stretch between two; `value` stands for all of it, None for unknown."""

    low: float
    high: float
    value: Try


def find_gaps(document: RuleSetDocument, group: str, fact_name: str, catalogue: Catalogue) -> list[Finding]:
    """Gaps, overlaps and unreachable rules of `group` along the numeric fact `fact_name`.

    A narrow rule before a wider one that contains it is how first-match rules are written, and is no finding.
    The document must have passed `check_rules`. Raises ValueError when the group is not first-match, the fact is not
    numeric, or the rules name more than 500 different values of it.
    """
    fact = catalogue[fact_name]
    if document.groups[group] != "first" or not fact.is_numeric:
        raise ValueError("gaps exist only in a first-match group along a numeric fact")
    rules = document.rules_in(group)
    nodes = [parse(rule.when, catalogue) for rule in rules]
    thresholds = {value for node in nodes for value in _thresholds(node, fact)}
    if len(thresholds) > MOST_THRESHOLDS:
        raise ValueError(f"more than {MOST_THRESHOLDS} different values of {fact_name} to look at")
    cells = [*_cells(thresholds, fact), _Cell(math.nan, math.nan, None)]
    unknown = len(cells) - 1
    covers = [[cover(cell.value) for cell in cells] for cover in (_cover_of(node, fact) for node in nodes)]
    sure = [{at for at, cover in enumerate(row) if cover[0]} for row in covers]

    gaps = set(range(len(cells))).difference(*sure)
    found = [Finding("gap", text) for text in _spans(cells, gaps, fact)]
    for (i, first), (j, second) in combinations(enumerate(rules), 2):
        # Whether the fact is known at all is a question beside the bands.
        one, other = sure[i] - {unknown}, sure[j] - {unknown}
        both = one & other
        if both and one - both and other - both:
            found += [Finding("overlap", text, (first.id, second.id)) for text in _spans(cells, both, fact)]
    taken: set[int] = set()
    for rule, row, own in zip(rules, covers, sure, strict=True):
        possible = {at for at, cover in enumerate(row) if cover[1]}
        if possible <= taken:
            found.append(Finding("unreachable", f"rule {rule.id} can never be the first to hold", (rule.id,)))
        taken |= own
    return found


def numeric_facts_of(document: RuleSetDocument, group: str, catalogue: Catalogue) -> list[Fact]:
    """The numeric facts that the enabled rules of `group` compare, in the order in which they come up."""
    facts = (fact for rule in document.rules_in(group) for fact in _facts(parse(rule.when, catalogue)))
    return list(dict.fromkeys(fact for fact in facts if fact.is_numeric))


def _facts(node: Node) -> Iterator[Fact]:
    match node:
        case Leaf():
            yield node.fact
        case AllOf(children) | AnyOf(children):
            for child in children:
                yield from _facts(child)
        case Not(child):
            yield from _facts(child)


def _thresholds(node: Node, fact: Fact) -> Iterator[float]:
    match node:
        case Leaf():
            if node.fact == fact and node.operator.shape != "flag":
                yield from node.value if isinstance(node.value, list | tuple) else [node.value]
        case AllOf(children) | AnyOf(children):
            for child in children:
                yield from _thresholds(child, fact)
        case Not(child):
            yield from _thresholds(child, fact)


def _cells(thresholds: set[float], fact: Fact) -> list[_Cell]:
    least = -math.inf if fact.minimum is None else fact.minimum
    points = sorted(value for value in thresholds | {least} if least <= value and math.isfinite(value))
    edges = ([] if math.isfinite(least) else [-math.inf]) + points + [math.inf]
    cells = []
    for low, high in pairwise(edges):
        if math.isfinite(low):
            cells.append(_Cell(low, low, low))
        between = _between(low, high, whole=fact.type == "integer")
        if between is not None:
            cells.append(_Cell(low, high, between))
    return cells


def _between(low: float, high: float, *, whole: bool) -> Try:
    """Some value strictly between the ends, a whole one if asked for; None when there is none."""
    if math.isinf(low) or math.isinf(high):
        return 0 if math.isinf(low) and math.isinf(high) else high - 1 if math.isinf(low) else low + 1
    if whole:
        return math.floor(low) + 1 if math.floor(low) + 1 < high else None
    return (Fraction(low) + Fraction(high)) / 2


def _cover_of(node: Node, fact: Fact) -> Callable[[Try], Cover]:
    """Whether `node` holds at a value of `fact`: compiled once, as there are many values."""
    match node:
        case Leaf():
            if node.fact != fact:
                return lambda _: (False, True)
            test = compile_node(node)
            return lambda value: (test({fact.name: value}),) * 2
        case AllOf(children):
            return _combined(all, [_cover_of(child, fact) for child in children])
        case AnyOf(children):
            return _combined(any, [_cover_of(child, fact) for child in children])
        case Not(child):
            cover = _cover_of(child, fact)

            def inverted(value: Try) -> Cover:
                surely, possibly = cover(value)
                return not possibly, not surely

            return inverted


def _combined(join: Callable[[list[bool]], bool], parts: list[Callable[[Try], Cover]]) -> Callable[[Try], Cover]:
    def cover(value: Try) -> Cover:
        covers = [part(value) for part in parts]
        return join([surely for surely, _ in covers]), join([possibly for _, possibly in covers])

    return cover


def _spans(cells: list[_Cell], chosen: set[int], fact: Fact) -> list[str]:
    """The chosen cells in words, neighbours drawn together."""
    texts = []
    run: list[_Cell] = []
    for at, cell in enumerate(cells):
        is_known = cell.value is not None
        if at in chosen and is_known:
            run.append(cell)
            continue
        if run:
            texts.append(_span_in_words(run[0], run[-1], fact))
            run = []
        if at in chosen:
            texts.append(f"{fact.label} is unknown")
    return texts


def _span_in_words(first: _Cell, last: _Cell, fact: Fact) -> str:
    def said(value: Any) -> str:
        return value_in_words(fact, value)

    if first.low == last.high:
        return f"{fact.label} is {said(first.low)}"
    lower = "" if math.isinf(first.low) else f"{said(first.low)} {'<=' if first.low == first.high else '<'} "
    upper = "" if math.isinf(last.high) else f" {'<=' if last.low == last.high else '<'} {said(last.high)}"
    if not lower and not upper:
        return f"any {fact.label}"
    if not upper:
        return f"{fact.label} {'>=' if first.low == first.high else '>'} {said(first.low)}"
    return f"{lower}{fact.label}{upper}"
