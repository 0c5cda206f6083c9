"""Reading what a request carries: `items[0][price]=p&discounts=` as nested lists and dictionaries of strings."""

import re
from typing import Any
from urllib.parse import parse_qsl

Params = dict[str, Any]
_KEYS = re.compile(r"[^\[\]]+|\[\]")


def read_form(text: str) -> Params:
    """The parameters of a query or of a form's body. Numbered and nameless places become lists."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        *path, last = _KEYS.findall(name)
        node = tree
        for key in path:
            node = node.setdefault(_place(key, node), {})
        node[_place(last, node)] = value
    return {key: _lists(value) for key, value in tree.items()}


def _place(key: str, node: dict[str, Any]) -> str:
    return str(len(node)) if key == "[]" else key


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _lists(one) for key, one in value.items()}


def is_yes(value: Any) -> bool:
    """Whether a flag is set: the wire has "true" and "false"."""
    return value in ("true", "True", True, "1")
