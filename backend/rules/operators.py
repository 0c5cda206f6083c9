"""Operators: which comparisons there are, which fact types they fit and what kind of value they want."""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, TypeAlias

from backend.rules.facts import FactType

Shape: TypeAlias = Literal["one", "pair", "many", "flag"]


@dataclass(frozen=True, slots=True)
class Operator:
    """`words` stands between the fact and the value; `shape` is the value: one, a pair, a list, or true/false."""

    name: str
    words: str
    shape: Shape = "one"


_ALL = (
    Operator("eq", "is"),
    Operator("ne", "is not"),
    Operator("gt", ">"),
    Operator("ge", ">="),
    Operator("lt", "<"),
    Operator("le", "<="),
    Operator("between", "is between", "pair"),
    Operator("in", "is one of", "many"),
    Operator("not_in", "is none of", "many"),
    Operator("contains", "contains"),
    Operator("contains_any", "contains one of", "many"),
    Operator("exists", "is known", "flag"),
)
OPERATORS: dict[str, Operator] = {operator.name: operator for operator in _ALL}

_NUMBERS = ("eq", "ne", "gt", "ge", "lt", "le", "between", "in", "not_in", "exists")
FITTING: dict[FactType, tuple[str, ...]] = {
    "number": _NUMBERS,
    "integer": _NUMBERS,
    "duration_seconds": _NUMBERS,
    "money_major": _NUMBERS,
    "boolean": ("eq", "ne", "exists"),
    "text": ("eq", "ne", "in", "not_in", "contains", "exists"),
    "choice": ("eq", "ne", "in", "not_in", "exists"),
    "list": ("contains", "contains_any", "exists"),
}
_SYMBOLS = {"=": "eq", "==": "eq", "!=": "ne", "<>": "ne", ">": "gt", ">=": "ge", "<": "lt", "<=": "le"}


def operator_hint(given: object, fitting: tuple[str, ...]) -> str:
    """What to write instead of the operator `given`."""
    if isinstance(given, str):
        meant = _SYMBOLS.get(given) or next(iter(get_close_matches(given[:20], fitting, n=1)), None)
        if meant in fitting:
            return f"write {meant}"
    return f"use one of {', '.join(fitting)}"
