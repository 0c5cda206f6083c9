"""Conditions asked about a customer, with what decided them in words."""

from typing import Any, NamedTuple

from backend.playbooks.documents import Condition
from backend.playbooks.facts import CATALOGUE, Facts
from backend.rules.conditions import parse
from backend.rules.tracing import compile_explained
from backend.rules.wording import value_in_words

_TOLD = 6
_ALWAYS: Condition = {"all": []}


class Answer(NamedTuple):
    """Whether it holds, the facts that decided it in words, and the same by name."""

    holds: bool
    because: str
    facts: dict[str, Any]


def answer(condition: Condition, facts: Facts) -> Answer:
    """What a condition comes to. InvalidRules when it cannot be read (any more)."""
    if condition == _ALWAYS:
        return Answer(True, "", {})
    holds, because = compile_explained(parse(condition, CATALOGUE))(facts)
    seen = {part.fact: part.actual for part in because}
    words = [f"{CATALOGUE[name].label} {value_in_words(CATALOGUE[name], value)}" for name, value in seen.items()]
    return Answer(holds, ", ".join(words[:_TOLD]), seen)
