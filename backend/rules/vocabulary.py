"""What rules of a kind are made of, for whoever builds an editor: facts, operators, shapes of what follows, limits."""

from functools import cache
from typing import Any

from backend.rules import conditions, documents, facts
from backend.rules.operators import FITTING, OPERATORS
from backend.rules.service import kind_of


@cache
def of(name: str) -> dict[str, Any]:
    """The vocabulary of the kind called `name`; NotFound when there is none. The same for every business.

    `groups` has the JSON schema of each group's `then` and a `template` to begin with; `settings` is the schema of the
    settings.
    """
    kind = kind_of(name)
    shipped = kind.shipped.model_dump(mode="json", by_alias=True)
    templates = {rule["group"]: rule["then"] for rule in reversed(shipped["rules"])}
    return {
        "kind": kind.name,
        "label": kind.label,
        "facts": [
            {
                "name": fact.name,
                "type": fact.type,
                "label": fact.label,
                "doc": fact.doc,
                "choices": list(fact.choices),
                "unit": fact.unit,
                "minimum": fact.minimum,
                "operators": list(FITTING[fact.type]),
            }
            for fact in kind.catalogue
        ],
        "operators": [
            {"name": operator.name, "words": operator.words, "shape": operator.shape} for operator in OPERATORS.values()
        ],
        "groups": {
            name: {
                "strategy": group.strategy,
                "doc": group.doc,
                "then": group.then.model_json_schema(by_alias=True),
                "template": templates.get(name, {}),
            }
            for name, group in kind.groups.items()
        },
        "settings": kind.settings.model_json_schema(by_alias=True),
        "limits": {
            "rules": documents.MOST_RULES,
            "depth": conditions.DEEPEST,
            "parts": conditions.MOST_NODES,
            "values": conditions.MOST_VALUES,
            "textLength": facts.LONGEST_TEXT,
        },
    }
