"""Rules in plain words: a condition as a sentence, a value as a person would say it, a reason filled with facts."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from backend.rules.conditions import AllOf, AnyOf, Leaf, Node, Not, parse
from backend.rules.facts import Catalogue, Fact, Facts
from backend.rules.problems import Problem
from backend.rules.tracing import cleaned

Render: TypeAlias = Callable[[Facts], str]

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_SPANS = (("d", 86_400), ("h", 3_600), ("min", 60))
_SHORT = 120  # seconds said as seconds
_LONGEST_TYPED = 12  # digits a person would type; a longer float is the noise of arithmetic


def describe(tree: object, catalogue: Catalogue) -> str:
    """The JSON condition `tree` in words: `price checks > 5 and screen is checkout`. Raises InvalidRules."""
    return describe_node(parse(tree, catalogue))


def describe_node(node: Node) -> str:
    match node:
        case Leaf():
            return _leaf_in_words(node)
        case AllOf(()):
            return "always"
        case AllOf(children):
            return _joined(children, " and ")
        case AnyOf(children):
            return _joined(children, " or ")
        case Not(child):
            return f"not ({describe_node(child)})"


def _joined(children: tuple[Node, ...], word: str) -> str:
    if len(children) == 1:
        return describe_node(children[0])
    parts = []
    for child in children:
        is_mixed = isinstance(child, AllOf | AnyOf) and len(child.children) > 1
        parts.append(f"({describe_node(child)})" if is_mixed else describe_node(child))
    return word.join(parts)


def _leaf_in_words(leaf: Leaf) -> str:
    fact, operator, value = leaf.fact, leaf.operator, leaf.value
    if operator.shape == "flag":
        return f"{fact.label} {'is known' if value else 'is unknown'}"
    if fact.type == "boolean":
        return fact.label if value is (operator.name == "eq") else f"not {fact.label}"
    if operator.shape == "pair":
        return f"{fact.label} {operator.words} {value_in_words(fact, value[0])} and {value_in_words(fact, value[1])}"
    if operator.shape == "many":
        return f"{fact.label} {operator.words} {', '.join(value_in_words(fact, item) for item in value)}"
    return f"{fact.label} {operator.words} {value_in_words(fact, value)}"


def value_in_words(fact: Fact, value: Any) -> str:
    """One value of `fact` for a person: `3 min`, `25,000`, `55 %`, `checkout`; `unknown` for None."""
    if value is None:
        return "unknown"
    if isinstance(value, list | tuple | set | frozenset):
        return cleaned(", ".join(sorted(map(str, value)) if isinstance(value, set | frozenset) else map(str, value)))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not fact.is_numeric or not isinstance(value, int | float | Decimal):
        return cleaned(str(value))
    if fact.type == "duration_seconds":
        return duration_in_words(value)
    return f"{number_in_words(value)} {fact.unit}".rstrip()


def number_in_words(value: float | Decimal) -> str:
    """A number with thousands separated. Of a fraction nobody typed two digits are said, and four where two would make
    it rounder than it is: 2.0004 is more than 2."""
    exact = f"{value:,}"
    if isinstance(value, float) and (value.is_integer() or len(exact) > _LONGEST_TYPED):
        short, exact = f"{value:,.2f}", f"{value:,.4f}"
        if not short.endswith("0"):
            exact = short
    return exact.rstrip("0").rstrip(".") if "." in exact else exact


def duration_in_words(seconds: float | Decimal) -> str:
    """Seconds below two minutes as they are (`60 s`), longer ones split: `3 min`, `24 h`, `2 d 1 h`."""
    left = round(float(seconds), 1)
    if not _SHORT <= left < 1e12:
        return f"{number_in_words(left)} s"
    parts: list[str] = []
    for unit, length in _SPANS:
        if left >= 2 * length or (parts and left >= length):
            parts.append(f"{int(left // length)} {unit}")
            left = round(left % length, 1)
    if left:
        parts.append(f"{number_in_words(left)} s")
    return " ".join(parts)


def plainly(value: Any) -> str:
    """What follows from a rule, for a person, whatever its shape: `channels CHAT and CALL, priority 2`."""
    match value:
        case None | [] | ():
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case int() | float() | Decimal():
            return number_in_words(value)
        case Mapping():
            return ", ".join(f"{_spaced(str(key))} {plainly(part)}" for key, part in value.items()) or "nothing"
        case list() | tuple():
            return " and ".join(plainly(part) for part in value)
    return cleaned(str(value))


def _spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])[A-Z]", lambda match: f" {match[0].lower()}", name).replace("_", " ")


def check_template(template: str, catalogue: Catalogue, path: str = "") -> list[Problem]:
    """What is wrong with a reason text; its only syntax is `{fact_name}`."""
    problems = [
        Problem(path, f"there is no fact {name[:60]!r}", catalogue.suggestion(name))
        for name in _PLACEHOLDER.findall(template)
        if name not in catalogue
    ]
    if set("{}") & set(_PLACEHOLDER.sub("", template)):
        problems.append(Problem(path, "has a brace without its partner", "a fact is written {fact_name}"))
    return problems


def compile_template(template: str, catalogue: Catalogue) -> Render | None:
    """A function from facts to the filled text, or None when the text names no fact and so is always the same.

    The template must have passed `check_template`. Values are cleaned of control characters.
    """
    pieces = _PLACEHOLDER.split(template)
    if len(pieces) == 1:
        return None
    # split() alternates: literal, fact name, literal, …
    head, tail = pieces[0], pieces[2::2]
    first, *others = [catalogue[name] for name in pieces[1::2]]
    if not others:
        return _one_filled(head, first, tail[0])

    def render(facts: Facts) -> str:
        text = head + value_in_words(first, facts.get(first.name)) + tail[0]
        for fact, literal in zip(others, tail[1:], strict=True):
            text += value_in_words(fact, facts.get(fact.name)) + literal
        return text

    return render


def _one_filled(head: str, fact: Fact, tail: str) -> Render:
    # Nearly every reason names one fact, most often a whole number: that one is said without further ado.
    name = fact.name
    if fact.type == "duration_seconds":

        def render_duration(facts: Facts) -> str:
            value = facts.get(name)
            if type(value) is int and 0 <= value < _SHORT:
                return f"{head}{value} s{tail}"
            return f"{head}{value_in_words(fact, value)}{tail}"

        return render_duration

    is_plain_number = fact.is_numeric and not fact.unit

    def render(facts: Facts) -> str:
        value = facts.get(name)
        if is_plain_number and type(value) is int:
            return f"{head}{value:,}{tail}"
        return f"{head}{value_in_words(fact, value)}{tail}"

    return render
