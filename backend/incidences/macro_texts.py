"""Placeholders in the words of a macro: `{customer.name}`. What is not known of a case is said, never left out."""

import re
from collections.abc import Callable, Iterator
from typing import Any

State = dict[str, Any]
_PLACEHOLDER = re.compile(r"\{([a-z]+(?:\.[a-z]+)?)\}")


def _money(state: State) -> str | None:
    value = state["orderValue"]
    return None if value is None else f"{state['currency']} {value:,.2f}".removesuffix(".00")


def _worded(value: str | None) -> str | None:
    return value and value.replace("_", " ").lower()


KNOWN: dict[str, Callable[[State], str | None]] = {
    # each from IncidenceRead data, with the names of who writes and of the business beside it
    "ref": lambda state: state["ref"],
    "summary": lambda state: state["summary"] or None,
    "customer.name": lambda state: state["customer"]["name"] or None,
    "customer.tier": lambda state: _worded(state["customer"]["tier"]),
    "order.id": lambda state: state["orderId"],
    "order.value": _money,
    "event.type": lambda state: _worded(state["eventType"]),
    "agent.name": lambda state: state["writer"],
    "business.name": lambda state: state["business"],
}
"""What a placeholder can be, and where its value comes from; None when it is not known of a case."""


def placeholders_in(text: str) -> Iterator[str]:
    """The names that stand in braces in a text."""
    return (match[1] for match in _PLACEHOLDER.finditer(text))


def unknown_in(text: str) -> list[str]:
    """Those that no case can fill."""
    return sorted({name for name in placeholders_in(text) if name not in KNOWN})


def filled(text: str, state: State) -> tuple[str, list[str]]:
    """The text for a case, and the placeholders that are left in it because nothing is known for them."""
    values = {name: KNOWN[name](state) for name in set(placeholders_in(text)) if name in KNOWN}
    left = sorted(name for name in placeholders_in(text) if not values.get(name))
    return _PLACEHOLDER.sub(lambda match: values.get(match[1]) or match[0], text), list(dict.fromkeys(left))
