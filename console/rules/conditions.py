"""Conditions as an author types them: `order_value < 25000`, completed from the catalogue and read back from it.

Reading stands on the server's own checks and words, so that what is said while typing is what publishing will say.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from backend.rules.conditions import check
from backend.rules.facts import Catalogue, Fact
from backend.rules.operators import FITTING, OPERATORS
from backend.rules.wording import describe
from console.rules.reading import Reading, Unreadable, number
from widgets.prompt import Option

SYMBOLS = {"eq": "=", "ne": "!=", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_NAMES = {symbol: name for name, symbol in SYMBOLS.items()} | {"==": "eq", "<>": "ne", "is": "eq"}
_YES, _NO = ("yes", "true", "known", "1"), ("no", "false", "unknown", "0")


def catalogue_of(vocabulary: Mapping[str, Any]) -> Catalogue:
    """The catalogue that a server's vocabulary tells."""
    names = ("name", "type", "label", "doc", "unit", "minimum")
    facts = (
        Fact(**{name: fact[name] for name in names}, choices=tuple(fact["choices"])) for fact in vocabulary["facts"]
    )
    return Catalogue(vocabulary["kind"], *facts)


def words(tree: Any, catalogue: Catalogue, currency: str) -> str:
    """A comparison or a whole condition in words, money with its currency; what is wrong with it when it cannot run."""
    problems = check(tree, catalogue)
    if problems:
        return str(problems[0])
    fact = catalogue.get(tree["fact"]) if "fact" in tree else None
    is_money = fact is not None and fact.type == "money_major" and tree["op"] != "exists"
    return f"{describe(tree, catalogue)}{f' {currency}' if is_money else ''}"


def typed(leaf: Mapping[str, Any]) -> str:
    """A comparison as it would be typed."""
    op, value = str(leaf.get("op", "")), leaf.get("value")
    if op == "exists":
        return f"{leaf.get('fact', '')} exists {'yes' if value else 'no'}"
    return f"{leaf.get('fact', '')} {SYMBOLS.get(op, op)} {_shown(value)}"


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_shown(item) for item in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def reader(catalogue: Catalogue, currency: str) -> Any:
    """What reads a line into a comparison, with its words or what is wrong with it."""

    def read(text: str) -> Reading:
        try:
            leaf = _read(text, catalogue)
        except Unreadable as error:
            return Reading(None, problem=str(error))
        problems = check(leaf, catalogue)
        if problems:
            return Reading(None, problem=f"{problems[0].message}{f' ({problems[0].hint})' if problems[0].hint else ''}")
        return Reading(leaf, said=words(leaf, catalogue, currency))

    return read


def _read(text: str, catalogue: Catalogue) -> dict[str, Any]:
    name, _, rest = text.strip().partition(" ")
    if not name:
        raise Unreadable("A fact, an operator and a value: order_value < 25000.")
    fact = catalogue.get(name)
    if fact is None:
        raise Unreadable(f"There is no fact {name!r}: {catalogue.suggestion(name)}.")
    symbol, _, value = rest.strip().partition(" ")
    fitting = FITTING[fact.type]
    if not symbol:
        raise Unreadable(f"{fact.label}: {fact.doc or fact.type} Then one of {_operators(fitting)}.")
    op = _NAMES.get(symbol.lower(), symbol.lower())
    if op not in fitting:
        raise Unreadable(f"{symbol!r} does not fit {fact.label}: use one of {_operators(fitting)}.")
    return {"fact": name, "op": op, "value": _value(fact, op, value.strip())}


def _operators(names: Sequence[str]) -> str:
    return "  ".join(SYMBOLS.get(name, name) for name in names)


def _value(fact: Fact, op: str, text: str) -> Any:
    shape = OPERATORS[op].shape
    if shape == "flag":
        return _flag(text or "yes")
    if not text:
        raise Unreadable(f"Then a value: {_example(fact, shape)}.")
    if shape == "one":
        return _one(fact, text)
    return [_one(fact, part.strip()) for part in text.replace(" and ", ", ").split(", ") if part.strip()]


def _example(fact: Fact, shape: str) -> str:
    one = fact.choices[0] if fact.choices else {"duration_seconds": "10 min", "boolean": "yes"}.get(fact.type, "1000")
    return {"pair": "low, high", "many": ", ".join(fact.choices[:2]) or "a, b"}.get(shape, one)


def _one(fact: Fact, text: str) -> Any:
    if fact.type == "boolean":
        return _flag(text)
    if fact.is_numeric:
        return number(text, is_duration=fact.type == "duration_seconds")
    return next((choice for choice in fact.choices if choice.casefold() == text.casefold()), text)


def _flag(text: str) -> bool:
    if text.casefold() not in (*_YES, *_NO):
        raise Unreadable("Say yes or no.")
    return text.casefold() in _YES


def completer(catalogue: Catalogue) -> Any:
    """What a line could go on with: facts, then operators that fit, then known values. Keys are whole lines."""

    def complete(text: str) -> list[Option]:
        name, space, rest = text.lstrip().partition(" ")
        fact = catalogue.get(name) if space else None
        if fact is None:
            asked = [fact for fact in catalogue if name.casefold() in f"{fact.name} {fact.label}".casefold()]
            return [Option(f"{fact.name} ", fact.name, fact.doc or fact.label) for fact in asked] if not space else []
        symbol, space, value = rest.lstrip().partition(" ")
        if not space:
            fitting = [op for op in FITTING[fact.type] if symbol in (SYMBOLS.get(op, op), "") or op.startswith(symbol)]
            return [
                Option(f"{name} {SYMBOLS.get(op, op)} ", SYMBOLS.get(op, op), OPERATORS[op].words) for op in fitting
            ]
        return _values(fact, f"{name} {symbol}", value)

    return complete


def _values(fact: Fact, head: str, value: str) -> list[Option]:
    known = ("yes", "no") if fact.type == "boolean" or head.endswith("exists") else fact.choices
    before, comma, last = value.rpartition(", ")
    begun = [choice for choice in known if choice.casefold().startswith(last.strip().casefold())]
    return [Option(f"{head} {before}{comma}{choice}", choice) for choice in begun]
