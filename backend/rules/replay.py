"""Replay: two versions of a rule set over the same history, and the decisions that come out differently."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from backend.rules.engine import Compiled, Firing
from backend.rules.facts import Facts
from backend.rules.kinds import Decide, result_alone
from backend.rules.wording import plainly

_NOTHING: Mapping[str, Facts] = MappingProxyType({})


class Case(NamedTuple):
    """One past decision: whose, how people call it, and the facts it saw; `own` are those that a group saw instead."""

    id: str
    facts: Facts
    ref: str = ""
    own: Mapping[str, Facts] = _NOTHING


@dataclass(frozen=True, slots=True)
class Change:
    """One decision that changes: what it was and is, and the rules behind each. A group only one side has is None.

    `why` is the text of the rules behind the new decision.
    """

    case_id: str
    group: str
    before: Any
    after: Any
    fired_before: tuple[str, ...]
    fired_after: tuple[str, ...]
    why: str = ""
    ref: str = ""


@dataclass(slots=True)
class Diff:
    """`cases` seen, `changed` cases among them, decisions changed by group, and the first `changes` as examples.

    `by_outcome` counts the changed decisions by (group, before, after), both in words.
    """

    cases: int = 0
    changed: int = 0
    by_group: Counter[str] = field(default_factory=Counter)
    by_outcome: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    changes: list[Change] = field(default_factory=list)


def diff(
    old: Compiled,
    new: Compiled,
    cases: Iterable[Case],
    *,
    decide: Decide = result_alone,
    say: Callable[[Any], str] = plainly,
    keep: int = 500,
    found: Diff | None = None,
) -> Diff:
    """Run both rule sets over `cases` and compare what `decide` makes of their verdicts, group by group.

    Every case is counted, in `found` if given; at most `keep` changes are kept as examples, so a long history costs
    no memory. `say` puts a decision in words.
    """
    groups = list(dict.fromkeys(old.groups + new.groups))
    found = Diff() if found is None else found
    for case in cases:
        found.cases += 1
        is_changed = False
        for group in groups:
            facts = case.own.get(group, case.facts)
            before, fired_before = _decision(old, facts, group, decide)
            after, fired_after = _decision(new, facts, group, decide)
            if before == after:
                continue
            is_changed = True
            found.by_group[group] += 1
            found.by_outcome[group, say(before), say(after)] += 1
            if len(found.changes) < keep:
                ids, why = _ids(fired_after), "; ".join(firing.text for firing in fired_after) or "no rule holds"
                change = Change(case.id, group, before, after, _ids(fired_before), ids, why, case.ref)
                found.changes.append(change)
        found.changed += is_changed
    return found


def _decision(compiled: Compiled, facts: Facts, group: str, decide: Decide) -> tuple[Any, list[Firing]]:
    if group not in compiled.groups:
        return None, []
    verdict = compiled.evaluate(facts, group=group, trace=False)
    return decide(compiled, verdict), verdict.fired


def _ids(fired: list[Firing]) -> tuple[str, ...]:
    return tuple(firing.rule_id for firing in fired)
