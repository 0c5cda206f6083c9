"""Replay: two versions of a rule set over the same history, and the decisions that come out differently."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from backend.rules.engine import Compiled, Verdict
from backend.rules.facts import Facts
from backend.rules.kinds import result_alone


@dataclass(frozen=True, slots=True)
class Change:
    """One decision that changes: what it was and is, and the rules behind each. A group only one side has is None."""

    case_id: str
    group: str
    before: Any
    after: Any
    fired_before: tuple[str, ...]
    fired_after: tuple[str, ...]


@dataclass(slots=True)
class Diff:
    """`cases` seen, `changed` cases among them, decisions changed by group, and the first `changes` as examples."""

    cases: int = 0
    changed: int = 0
    by_group: Counter[str] = field(default_factory=Counter)
    changes: list[Change] = field(default_factory=list)


def diff(
    old: Compiled,
    new: Compiled,
    cases: Iterable[tuple[str, Facts]],
    *,
    decide: Callable[[Compiled, Verdict], Any] = result_alone,
    keep: int = 500,
) -> Diff:
    """Run both rule sets over `cases` and compare what `decide` makes of their verdicts, group by group.

    Every case is counted; at most `keep` changes are kept as examples, so a long history costs no memory.
    """
    groups = list(dict.fromkeys(old.groups + new.groups))
    found = Diff()
    for case_id, facts in cases:
        found.cases += 1
        is_changed = False
        for group in groups:
            before, fired_before = _decision(old, facts, group, decide)
            after, fired_after = _decision(new, facts, group, decide)
            if before == after:
                continue
            is_changed = True
            found.by_group[group] += 1
            if len(found.changes) < keep:
                found.changes.append(Change(case_id, group, before, after, fired_before, fired_after))
        found.changed += is_changed
    return found


def _decision(
    compiled: Compiled, facts: Facts, group: str, decide: Callable[[Compiled, Verdict], Any]
) -> tuple[Any, tuple[str, ...]]:
    if group not in compiled.groups:
        return None, ()
    verdict = compiled.evaluate(facts, group=group, trace=False)
    return decide(compiled, verdict), tuple(firing.rule_id for firing in verdict.fired)
