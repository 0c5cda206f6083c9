"""Kinds of rule set: what a slice declares so that the one machine can check, run and explain its rules."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pydantic import BaseModel, ValidationError

from backend.rules.documents import RuleSetDocument, Strategy, Wire
from backend.rules.engine import Compiled, Verdict, check_rules, compile_rule_set
from backend.rules.facts import Catalogue
from backend.rules.problems import InvalidRules, Problem
from backend.rules.wording import plainly

Decide: TypeAlias = Callable[[Compiled, Verdict], Any]


class Points(Wire):
    """The `then` of a rule in a group that sums."""

    points: int | float


def result_alone(_: Compiled, verdict: Verdict) -> Any:
    """The decision of most groups is just their result."""
    return verdict.result


@dataclass(frozen=True)
class Group:
    """One group of a kind: how its rules combine, and the model their `then` must fit."""

    strategy: Strategy
    then: type[BaseModel]
    doc: str = ""


@dataclass(frozen=True)
class Kind:
    """One kind of rule set. `decide` turns a verdict into what matters (a band, a yes or no): a dry run compares that.

    `say` puts one `then` in words, and what `decide` makes of a verdict.

    `settings` has no defaults: the numbers are in `shipped`, the document a business starts with, and are data.
    """

    name: str
    label: str
    catalogue: Catalogue
    groups: Mapping[str, Group]
    settings: type[BaseModel]
    shipped: RuleSetDocument
    decide: Decide = field(default=result_alone)
    say: Callable[[Any], str] = field(default=plainly)

    def kept(self, raw: object) -> RuleSetDocument:
        """The document of a version that was published. Settings that there were not yet then are as shipped."""
        document = RuleSetDocument.model_validate(raw)
        return document.model_copy(update={"settings": {**self.shipped.settings, **document.settings}})

    def read(self, raw: object) -> RuleSetDocument:
        """The document in `raw` (parsed JSON, camelCase), fit to run. Raises InvalidRules with every problem found."""
        try:
            document = RuleSetDocument.model_validate(raw, strict=True)
        except ValidationError as error:
            raise InvalidRules(problems_of(error, "")) from None
        problems = self.check(document)
        if problems:
            raise InvalidRules(problems)
        return document

    def check(self, document: RuleSetDocument) -> list[Problem]:
        """Everything wrong with `document`; empty when it can be published."""
        if document.kind != self.name:
            return [Problem("kind", f"this is a {document.kind} rule set, not a {self.name} one")]
        expected = {name: group.strategy for name, group in self.groups.items()}
        if document.groups != expected:
            said = ", ".join(f"{name}: {strategy}" for name, strategy in expected.items())
            return [Problem("groups", "the groups of a kind cannot be changed", f"they are {said}")]
        problems = _fit(self.settings, document.settings, "settings")
        for index, rule in enumerate(document.rules):
            if rule.group in self.groups:
                problems += _fit(self.groups[rule.group].then, rule.then, f"rules[{index}].then")
        return problems + check_rules(document, self.catalogue)

    def compile(self, document: RuleSetDocument, version: int) -> Compiled:
        """`document` ready to evaluate. Raises InvalidRules when `check` finds anything."""
        problems = self.check(document)
        if problems:
            raise InvalidRules(problems)
        return compile_rule_set(document, self.catalogue, version)


class Kinds:
    """Every kind the product knows, by name. Raises ValueError when two share one."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        listed = list(kinds)
        self._kinds = {kind.name: kind for kind in listed}
        if len(self._kinds) != len(listed):
            raise ValueError("two kinds of rule set share a name")

    def get(self, name: str) -> Kind | None:
        return self._kinds.get(name)

    def __getitem__(self, name: str) -> Kind:
        return self._kinds[name]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._kinds)


def _fit(model: type[BaseModel], value: object, path: str) -> list[Problem]:
    try:
        model.model_validate(value, strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        return problems_of(error, path)
    return []


def problems_of(error: ValidationError, path: str) -> list[Problem]:
    """What pydantic found, each at its place below `path`."""
    problems = []
    for detail in error.errors(include_url=False, include_input=False, include_context=False):
        where = path
        for step in detail["loc"]:
            where += f"[{step}]" if isinstance(step, int) else f".{step}" if where else str(step)
        problems.append(Problem(where, detail["msg"]))
    return problems
