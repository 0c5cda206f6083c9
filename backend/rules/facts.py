"""Facts: the named, typed values a condition may ask about, and the catalogue of those a kind of rule set knows."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Literal, TypeAlias

from backend.rules.problems import Problem

FactType: TypeAlias = Literal[
    "number", "integer", "boolean", "text", "choice", "list", "duration_seconds", "money_major"
]
Facts: TypeAlias = Mapping[str, Any]

NUMERIC: frozenset[FactType] = frozenset({"number", "integer", "duration_seconds", "money_major"})
LONGEST_TEXT = 200
LARGEST_NUMBER = 1e15  # far above any money or duration, and still exact as a double
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing a rule may ask about.

    `choices` are the only values of a `choice`, and merely the well-known values of a `text` or the items of a `list`.
    `unit` follows the number when it is told in words (`%`). `minimum` is the least value that can occur; it bounds
    the search for gaps. `money_major` is in major units of the business's currency, a `list` holds texts.
    """

    name: str
    type: FactType
    label: str
    doc: str = ""
    choices: tuple[str, ...] = ()
    unit: str = ""
    minimum: float | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"fact name {self.name!r} is not snake_case")
        if self.type == "choice" and not self.choices:
            raise ValueError(f"fact {self.name} is a choice without choices")

    @property
    def is_numeric(self) -> bool:
        return self.type in NUMERIC

    def objection(self, value: object) -> str:
        """Why `value` cannot be one value of this fact (one item, for a list); empty when it can."""
        if self.type == "boolean":
            return "" if isinstance(value, bool) else "must be true or false"
        if self.is_numeric:
            return _number_objection(value, whole=self.type == "integer")
        if not isinstance(value, str) or not value:
            return "must be a text"
        if len(value) > LONGEST_TEXT:
            return f"must not be longer than {LONGEST_TEXT} characters"
        if self.type == "choice" and value not in self.choices:
            return f"must be one of {', '.join(self.choices)}"
        return ""


def _number_objection(value: object, *, whole: bool) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "must be a whole number" if whole else "must be a number"
    if whole and not isinstance(value, int):
        return "must be a whole number"
    if isinstance(value, float) and not math.isfinite(value):
        return "must be a finite number"
    return "" if abs(value) <= LARGEST_NUMBER else "is too large a number"


class Catalogue:
    """The facts one kind of rule set may use, in the order they are offered to a person.

    Raises ValueError when two facts share a name.
    """

    def __init__(self, kind: str, *facts: Fact) -> None:
        self.kind = kind
        self._facts = {fact.name: fact for fact in facts}
        if len(self._facts) != len(facts):
            raise ValueError(f"the catalogue of {kind} names a fact twice")

    def __iter__(self) -> Iterator[Fact]:
        return iter(self._facts.values())

    def __contains__(self, name: object) -> bool:
        return name in self._facts

    def __len__(self) -> int:
        return len(self._facts)

    def get(self, name: str) -> Fact | None:
        return self._facts.get(name)

    def __getitem__(self, name: str) -> Fact:
        return self._facts[name]

    def suggestion(self, name: str) -> str:
        """A hint naming the fact that was probably meant, or all of them when none is near."""
        near = get_close_matches(name[:LONGEST_TEXT], self._facts, n=1)
        return f"did you mean {near[0]}?" if near else f"known facts: {', '.join(self._facts)}"

    def check_facts(self, facts: Facts) -> list[Problem]:
        """What does not fit in `facts` from outside: unknown names and values of a wrong type. None means unknown."""
        problems = []
        for name, value in facts.items():
            fact = self._facts.get(name)
            if fact is None:
                problems.append(Problem(name, "is not a known fact", self.suggestion(name)))
            elif value is not None and (objection := _fact_objection(fact, value)):
                problems.append(Problem(name, objection))
        return problems


def _fact_objection(fact: Fact, value: object) -> str:
    if fact.type == "list":
        if not isinstance(value, list | tuple | set | frozenset):
            return "must be a list"
        return next(filter(None, map(fact.objection, value)), "")
    if fact.type == "text" and value == "":
        return ""
    if isinstance(value, Decimal) and fact.is_numeric:
        return _number_objection(float(value), whole=False)
    return fact.objection(value)
