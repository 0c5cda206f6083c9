"""The engine: a document compiled once, then asked what fires for the facts at hand, and why."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from backend.rules.closures import Test, compile_node
from backend.rules.conditions import check, parse
from backend.rules.documents import Rule, RuleSetDocument, Strategy
from backend.rules.facts import Catalogue, Facts
from backend.rules.problems import InvalidRules, Problem
from backend.rules.tracing import Deciding, Explain, compile_explained
from backend.rules.wording import Render, check_template, compile_template

Number: TypeAlias = int | float


class Firing(NamedTuple):
    """A rule that held: what follows (shared with the document, not to be changed), its points in a sum, and why."""

    rule_id: str
    then: Mapping[str, Any]
    points: Number | None
    text: str


class Looked(NamedTuple):
    """A rule that was looked at, and the comparisons that decided whether it fired."""

    rule_id: str
    fired: bool
    because: tuple[Deciding, ...]


class Verdict(NamedTuple):
    """What one group of rules says.

    `result` is the `then` of the deciding rule or None (first), the list of all that follow (all), or the points
    (sum). `trace` is None unless asked for, and then holds each rule that was looked at, in order.
    """

    group: str
    version: int
    result: Any
    fired: list[Firing]
    trace: list[Looked] | None = None

    def as_json(self) -> dict[str, Any]:
        """The verdict in plain camelCase values, small enough to store beside the decision it led to."""
        trace = None
        if self.trace is not None:
            trace = [
                {
                    "ruleId": looked.rule_id,
                    "fired": looked.fired,
                    "because": [part._asdict() for part in looked.because],
                }
                for looked in self.trace
            ]
        fired = [
            {"ruleId": firing.rule_id, "points": firing.points, "text": firing.text, "then": dict(firing.then)}
            for firing in self.fired
        ]
        return {"group": self.group, "version": self.version, "result": self.result, "fired": fired, "trace": trace}


@dataclass(frozen=True, slots=True)
class _Prepared:
    """One rule ready to run; `render` is None when `firing` already has its final text."""

    test: Test
    explain: Explain
    firing: Firing
    render: Render | None

    def fire(self, facts: Facts) -> Firing:
        rule_id, then, points, text = self.firing
        return Firing(rule_id, then, points, text if self.render is None else self.render(facts))


class Compiled:
    """A rule set ready to run. It holds no state of its callers and may be shared by threads."""

    def __init__(self, document: RuleSetDocument, catalogue: Catalogue, version: int) -> None:
        self.document = document
        self.kind = document.kind
        self.settings: Mapping[str, Any] = document.settings
        self.version = version
        self._groups = {
            name: _CompiledGroup(name, strategy, document, catalogue, version)
            for name, strategy in document.groups.items()
        }

    @property
    def groups(self) -> tuple[str, ...]:
        return tuple(self._groups)

    def evaluate(self, facts: Facts, *, group: str | None = None, trace: bool = True) -> Verdict:
        """What the rules of `group` (may be left out when there is only one) say about `facts`.

        Facts that are missing or None make comparisons false. Raises KeyError for a group the document has not.
        """
        if group is None:
            (group,) = self._groups
        asked = self._groups[group]
        return asked.evaluate_traced(facts) if trace else asked.evaluate(facts)


class _CompiledGroup:
    def __init__(
        self, name: str, strategy: Strategy, document: RuleSetDocument, catalogue: Catalogue, version: int
    ) -> None:
        self.name = name
        self.version = version
        self.strategy = strategy
        self.base: Number = document.settings.get("base", 0)
        self.floor: Number | None = document.settings.get("floor")
        self.cap: Number | None = document.settings.get("cap")
        self.rules = [_prepare(rule, strategy, catalogue) for rule in document.rules_in(name)]
        # The same again as bare tuples: reading attributes would cost a third of an evaluation without a trace.
        self._bare = tuple((rule.test, rule.firing, rule.render) for rule in self.rules)

    def evaluate(self, facts: Facts) -> Verdict:
        fired: list[Firing] = []
        stops_at_first = self.strategy == "first"
        for test, firing, render in self._bare:
            if test(facts):
                if render is not None:
                    firing = Firing(firing[0], firing[1], firing[2], render(facts))
                fired.append(firing)
                if stops_at_first:
                    break
        return Verdict(self.name, self.version, self._result(fired), fired)

    def evaluate_traced(self, facts: Facts) -> Verdict:
        fired: list[Firing] = []
        trace: list[Looked] = []
        for rule in self.rules:
            held, because = rule.explain(facts)
            trace.append(Looked(rule.firing.rule_id, held, because))
            if held:
                fired.append(rule.fire(facts))
                if self.strategy == "first":
                    break
        return Verdict(self.name, self.version, self._result(fired), fired, trace)

    def _result(self, fired: list[Firing]) -> Any:
        if self.strategy == "first":
            return fired[0].then if fired else None
        if self.strategy == "all":
            return [firing.then for firing in fired]
        total = self.base
        for firing in fired:
            total += firing.points or 0
        if self.floor is not None and total < self.floor:
            return self.floor
        return self.cap if self.cap is not None and total > self.cap else total


def _prepare(rule: Rule, strategy: Strategy, catalogue: Catalogue) -> _Prepared:
    node = parse(rule.when, catalogue)
    text = rule.text or rule.label
    points = rule.then["points"] if strategy == "sum" else None
    firing = Firing(rule.id, rule.then, points, text)
    render = compile_template(rule.text, catalogue)
    return _Prepared(compile_node(node), compile_explained(node), firing, render)


def check_rules(document: RuleSetDocument, catalogue: Catalogue) -> list[Problem]:
    """What would keep `document` from running, whatever its kind: conditions, texts, ids, groups and points."""
    problems = [
        Problem(f"settings.{key}", "must be a number")
        for key in ("base", "floor", "cap")
        if key in document.settings and not _is_number(document.settings[key])
    ]
    uses = Counter(rule.id for rule in document.rules)
    for index, rule in enumerate(document.rules):
        path = f"rules[{index}]"
        if uses[rule.id] > 1:
            problems.append(
                Problem(f"{path}.id", f"{uses[rule.id]} rules are called {rule.id}", "give each its own id")
            )
        strategy = document.groups.get(rule.group)
        if strategy is None:
            hint = f"groups: {', '.join(document.groups)}"
            problems.append(Problem(f"{path}.group", f"there is no group {rule.group!r}", hint))
        elif strategy == "sum" and not _is_number(rule.then.get("points")):
            problems.append(Problem(f"{path}.then.points", "must be a number, as the group adds points"))
        problems += check(rule.when, catalogue, f"{path}.when")
        problems += check_template(rule.text, catalogue, f"{path}.text")
    return problems


def compile_rule_set(document: RuleSetDocument, catalogue: Catalogue, version: int) -> Compiled:
    """`document` ready to evaluate as `version` (0 for one that was never published).

    Raises InvalidRules with every problem of `check_rules`; `Kind.compile` checks settings and actions too.
    """
    problems = check_rules(document, catalogue)
    if problems:
        raise InvalidRules(problems)
    return Compiled(document, catalogue, version)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 1e9
