"""What would lift a score: each fact that the rules ask about is tried at every place where a rule changes its mind.

Nothing about the rules is known here beyond their thresholds, so that rules an admin writes have levers, too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from backend.finance.scoring import score_of
from backend.rules.closures import compile_node
from backend.rules.conditions import AllOf, AnyOf, Leaf, Node, Not, parse
from backend.rules.engine import Compiled
from backend.rules.facts import Catalogue, Fact
from backend.rules.shipped.readiness import CATALOGUE, READINESS, Tier, next_tier, tier_of
from backend.rules.wording import value_in_words

MOST = 6
"""Levers that are combined: the strongest."""
_STEP = 1e-6
Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Candidate:
    """A value to try, and how a person would call it: `below 0.5 %`."""

    value: Any
    words: str


@dataclass(frozen=True)
class Lever:
    """A fact that, moved to `value`, makes the score `score`: `points` more than it is. `words` say what to reach."""

    fact: Fact
    now: Any
    value: Any
    words: str
    points: int
    score: int
    tier: Tier


@dataclass(frozen=True)
class Lift:
    """What reaches the next tier: the fewest levers that do together, none when even all of them do not."""

    tier: Tier
    score_needed: int
    levers: Sequence[Lever]
    score: int


def levers(compiled: Compiled, facts: Facts) -> list[Lever]:
    """The best that each fact alone could do for the score, the most first."""
    now, found = score_of(compiled, facts), []
    for fact, tried in _candidates(compiled, CATALOGUE).items():
        best: tuple[int, float, Candidate] | None = None
        for candidate in tried:
            score = score_of(compiled, {**facts, fact.name: candidate.value})
            place = (score, -distance(facts.get(fact.name), candidate.value), candidate)
            if best is None or place[:2] > best[:2]:
                best = place
        if best is not None and best[0] > now:
            score, _, chosen = best
            one = Lever(
                fact, facts.get(fact.name), chosen.value, chosen.words, score - now, score, tier_of(compiled, score)
            )
            found.append(one)
    return sorted(found, key=lambda one: (-one.points, one.fact.name))


def lift(compiled: Compiled, facts: Facts, found: Sequence[Lever]) -> Lift | None:
    """The fewest levers that reach the next tier; of as few, those that lead to the highest score. None at the top."""
    following = next_tier(compiled, tier_of(compiled, score_of(compiled, facts)))
    if following is None:
        return None
    tier, needed = following
    for number in range(1, min(len(found), MOST) + 1):
        reached = []
        for chosen in combinations(found[:MOST], number):
            score = score_of(compiled, {**facts, **{one.fact.name: one.value for one in chosen}})
            if score >= needed:
                reached.append((score, chosen))
        if reached:
            score, chosen = max(reached, key=lambda one: one[0])
            return Lift(tier, needed, chosen, score)
    return Lift(tier, needed, (), score_of(compiled, facts))


def gain(readiness: Compiled, facts: Facts, when: Mapping[str, Any], catalogue: Catalogue, own: str) -> int:
    """How many points of readiness more there would be if the condition `when`, which holds, just held no longer.

    `own` is the fact of `catalogue` that is the score itself: moving it is worth what it moves.
    """
    node, now, most = parse(when, catalogue), score_of(readiness, facts), 0
    holds = compile_node(node)
    seen = {**facts, own: now}
    for fact, tried in _by_fact([node]).items():
        nearest = sorted(tried, key=lambda one: distance(seen.get(fact.name), one.value))
        for candidate in nearest:
            moved = {**seen, fact.name: candidate.value}
            if holds(moved):
                continue
            if fact.name == own:
                most = max(most, round(candidate.value) - now)
            else:
                most = max(most, score_of(readiness, {**facts, fact.name: candidate.value}) - now)
            break
    return most


def distance(now: Any, value: Any) -> float:
    """How far a value is from what it is now; what cannot be measured is as far as can be."""
    if isinstance(now, int | float) and isinstance(value, int | float):
        return abs(value - now)
    return 0.0 if now == value else 1e18


def _candidates(compiled: Compiled, catalogue: Catalogue) -> dict[Fact, list[Candidate]]:
    group = next(iter(READINESS.groups))
    return _by_fact([parse(rule.when, catalogue) for rule in compiled.document.rules_in(group)])


def _by_fact(nodes: Sequence[Node]) -> dict[Fact, list[Candidate]]:
    found: dict[Fact, list[Candidate]] = {}
    for node in nodes:
        for leaf in _leaves(node):
            kept = found.setdefault(leaf.fact, [])
            kept += [one for one in _around(leaf) if one not in kept]
    return found


def _leaves(node: Node) -> Iterator[Leaf]:
    match node:
        case Leaf():
            yield node
        case AllOf(children) | AnyOf(children):
            for child in children:
                yield from _leaves(child)
        case Not(child):
            yield from _leaves(child)


def _around(leaf: Leaf) -> Iterator[Candidate]:
    """The values on both sides of each edge of a comparison, and on it."""
    fact, shape = leaf.fact, leaf.operator.shape
    if shape == "flag":
        return
    if not fact.is_numeric:
        choices: Sequence[Any] = (True, False) if fact.type == "boolean" else fact.choices
        yield from (Candidate(choice, value_in_words(fact, choice)) for choice in choices)
        return
    for value in leaf.value if shape in ("pair", "many") else (leaf.value,):
        step = 1 if fact.type == "integer" else max(abs(value) * _STEP, _STEP)
        said = value_in_words(fact, value)
        for candidate, words in ((value - step, f"below {said}"), (value, said), (value + step, f"above {said}")):
            if fact.minimum is None or candidate >= fact.minimum:
                yield Candidate(candidate, words)
