"""Which function answers which request, with the permission that a restricted key needs for it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backend.demo.outside.stripe.book import Book
from backend.demo.outside.stripe.form import Params, is_yes
from backend.demo.outside.stripe.refusal import invalid
from backend.demo.outside.stripe.rows import Body

if TYPE_CHECKING:
    from backend.demo.outside.stripe.app import Serving

_EVERYWHERE = {"expand"}
_LISTED = {"limit", "starting_after", "ending_before", "created", "expand"}


@dataclass
class Asked:
    """One request: to whose account, with which parameters, and the ids of its path."""

    double: "Serving"
    book: Book
    method: str
    path: str
    params: Params
    ids: tuple[str, ...] = ()
    key: str = ""
    """The API key."""

    def number(self, name: str, otherwise: int | None = None) -> int | None:
        """A whole number; Refusal (400) for anything else."""
        value = self.params.get(name)
        if value is None or value == "":
            return otherwise
        try:
            return int(value)
        except (TypeError, ValueError):
            raise invalid(f"Invalid integer: {value}", name, "parameter_invalid_integer") from None

    def text(self, name: str, otherwise: str | None = None) -> str | None:
        """A text; "" is None, as Stripe unsets a field."""
        value = self.params.get(name, otherwise)
        return None if value == "" else value

    def flag(self, name: str) -> bool:
        return is_yes(self.params.get(name))

    def needed(self, name: str) -> Any:
        """The parameter; Refusal (400) when it is missing."""
        if self.params.get(name) in (None, ""):
            raise invalid(f"Missing required param: {name}.", name, "parameter_missing")
        return self.params[name]

    def metadata(self, was: dict[str, str] | None = None) -> dict[str, str]:
        """The metadata after the request: keys given as "" are taken out, "" for all clears."""
        given = self.params.get("metadata")
        if given == "":
            return {}
        merged = {**(was or {}), **(given or {})}
        return {key: value for key, value in merged.items() if value != ""}


Answer = Callable[[Asked], Body]


@dataclass
class Route:
    """One operation."""

    method: str
    pattern: re.Pattern[str]
    path: str
    permission: str
    takes: frozenset[str]
    answer: Answer = field(repr=False)


ROUTES: list[Route] = []


def route(operation: str, permission: str, takes: str = "", *, is_list: bool = False) -> Callable[[Answer], Answer]:
    """Have a function answer `METHOD /path/{}`. `takes`: the parameters there are; others are refused as unknown."""
    method, path = operation.split(" ")
    pattern = re.compile("^" + path.replace("{}", "([^/]+)") + "$")
    known = frozenset(takes.split()) | (_LISTED if is_list else _EVERYWHERE)

    def declared(answer: Answer) -> Answer:
        ROUTES.append(Route(method, pattern, path, permission, known, answer))
        return answer

    return declared


def routed(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    """The operation and the ids of the path; None when there is no such operation."""
    for one in ROUTES:
        if one.method == method and (found := one.pattern.match(path)):
            return one, found.groups()
    return None
