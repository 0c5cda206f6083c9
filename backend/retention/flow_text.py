"""Flows as YAML: read with the line of every mistake, written as people keep them, and compared line by line."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from backend.core import typed_yaml
from backend.core.typed_yaml import Lines, Problem
from backend.retention.flow_schemas import FlowDocument
from backend.rules.conditions import check
from backend.rules.shipped.flow import CATALOGUE, REASONS

_TAGS = ("survey", "message", "confirm", "PAUSE", "DOWNGRADE", "DISCOUNT", "TRIAL_EXTENSION")
"""What pydantic puts into the place of a mistake for which kind of step it tried."""


def read_yaml(text: str) -> tuple[str | None, FlowDocument]:
    """(name if it is there, document) of `name: …, steps: […]`. Invalid with every mistake and its line."""
    raw, lines = typed_yaml.read(text)
    if not isinstance(raw, dict):
        raise typed_yaml.refusal([{"line": 1, "field": "", "reason": "write `steps:` and the steps below it"}])
    name = raw.pop("name", None)
    if name is not None and not isinstance(name, str):
        told = {"line": lines.get(("name",), 1), "field": "name", "reason": "must be a text"}
        raise typed_yaml.refusal([told])
    return name, read_document(raw, lines)


def read_document(raw: Any, lines: Lines | None = None) -> FlowDocument:
    """The document in `raw`, camelCase. Invalid with every mistake, and its line when it is known."""
    try:
        document = FlowDocument.model_validate(raw)
    except ValidationError as error:
        found = [typed_yaml.told(one, lines or {}, _TAGS) for one in error.errors(include_url=False)]
        raise typed_yaml.refusal(found) from None
    problems = list(_mistakes(document, lines or {}))
    if problems:
        raise typed_yaml.refusal(problems)
    return document


def check_document(document: FlowDocument) -> None:
    """Invalid with what is wrong in conditions and reasons."""
    if problems := list(_mistakes(document, {})):
        raise typed_yaml.refusal(problems)


def write_yaml(name: str, document: FlowDocument) -> str:
    """The document as YAML, with its name; what is as it is without being said is left out."""
    raw = document.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    for step, whole in zip(raw["steps"], document.steps, strict=True):
        said = dict(step)
        first = {"kind": whole.kind} | ({"offerType": whole.offer_type} if whole.kind == "offer" else {})
        last = {"when": said.pop("when")} if "when" in said else {}
        step.clear()
        step |= first | said | last
    return typed_yaml.write({"name": name, **raw})


def diff_of(name: str, before: FlowDocument, after: FlowDocument) -> str:
    """The two in YAML, as `diff -u` shows them."""
    return typed_yaml.difference(write_yaml(name, before), write_yaml(name, after))


def _mistakes(document: FlowDocument, lines: Lines) -> Iterator[Problem]:
    """What the types cannot tell: conditions that cannot run, feedback that Stripe does not know."""
    for number, step in enumerate(document.steps):
        if step.kind == "offer" and step.when is not None:
            for wrong in check(step.when, CATALOGUE):
                hint = f" ({wrong.hint})" if wrong.hint else ""
                where = ("steps", number, "when")
                yield typed_yaml.problem(where, f"{wrong.path} {wrong.message}{hint}".strip(), lines)
        if step.kind == "survey":
            for place, reason in enumerate(step.reasons):
                if reason.feedback is not None and reason.feedback not in REASONS:
                    at = ("steps", number, "reasons", place, "feedback")
                    yield typed_yaml.problem(at, f"Stripe knows {', '.join(REASONS)}", lines)
