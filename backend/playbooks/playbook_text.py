"""Playbooks as YAML: read with the line of every mistake, and written as people keep them."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from backend.core import typed_yaml
from backend.core.errors import Invalid
from backend.core.typed_yaml import Lines, Problem
from backend.playbooks.documents import KINDS, PlaybookDocument, conditions_of
from backend.playbooks.facts import CATALOGUE
from backend.playbooks.schemas import Given
from backend.rules.conditions import check

_ABOUT = {"name": 60, "description": 400}
"""What may stand beside the document, and how long it may be."""


def given(body: Given) -> tuple[dict[str, str], PlaybookDocument | None]:
    """(name and description as far as they are told, the document if there is one). Invalid with every mistake.

    It takes a while for a long text: not inside a unit of work.
    """
    told = {name: value for name in _ABOUT if (value := getattr(body, name, None)) is not None}
    if body.yaml is not None:
        beside, document = read_yaml(body.yaml)
        return beside | told, document
    if body.document is not None:
        check_document(body.document)
    return told, body.document


def read_yaml(text: str) -> tuple[dict[str, str], PlaybookDocument]:
    """(name and description, document) of `name: …, steps: […]`. Invalid with every mistake and its line."""
    raw, lines = typed_yaml.read(text)
    if not isinstance(raw, dict):
        raise typed_yaml.refusal([{"line": 1, "field": "", "reason": "write `steps:` and the steps below it"}])
    beside = {}
    for name, most in _ABOUT.items():
        if (value := raw.pop(name, None)) is None:
            continue
        if not isinstance(value, str) or len(value := " ".join(value.split())) > most or not value:
            reason = f"must be a text of {most} characters at most"
            raise typed_yaml.refusal([typed_yaml.problem((name,), reason, lines)])
        beside[name] = value
    return beside, read_document(raw, lines)


def read_document(raw: Any, lines: Lines | None = None) -> PlaybookDocument:
    """The document in `raw`, camelCase. Invalid with every mistake, and its line when it is known."""
    try:
        document = PlaybookDocument.model_validate(raw)
    except ValidationError as error:
        found = [typed_yaml.told(one, lines or {}, KINDS) for one in error.errors(include_url=False)]
        raise typed_yaml.refusal(found) from None
    check_document(document, lines)
    return document


def check_document(document: PlaybookDocument, lines: Lines | None = None) -> None:
    """Invalid with what is wrong in its conditions."""
    if problems := list(_mistakes(document, lines or {})):
        raise typed_yaml.refusal(problems)


def problems_of(error: Invalid) -> list[Problem]:
    """What such an error tells."""
    return list(error.details.get("problems", ()))


def write_yaml(name: str, description: str, document: PlaybookDocument) -> str:
    """The document as YAML, with its name; what is as it is without being said is left out."""
    about = {"name": name} | ({"description": description} if description else {})
    return typed_yaml.write(about | raw_of(document))


def raw_of(document: PlaybookDocument) -> dict[str, Any]:
    """The document as it is written by hand: the kind of each step first, and no defaults."""
    raw = document.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return raw | {"steps": [_ordered(step) for step in raw["steps"]]}


def _ordered(step: dict[str, Any]) -> dict[str, Any]:
    ordered = {"kind": step["kind"], "id": step["id"]} | step
    if "else" in ordered:
        ordered["else"] = [_ordered(inner) for inner in ordered["else"]]
    return ordered


def _mistakes(document: PlaybookDocument, lines: Lines) -> Iterator[Problem]:
    """What the types cannot tell: conditions that cannot run."""
    for path, condition in conditions_of(document):
        for wrong in check(condition, CATALOGUE):
            hint = f" ({wrong.hint})" if wrong.hint else ""
            yield typed_yaml.problem(path, f"{wrong.path} {wrong.message}{hint}".strip(), lines)
