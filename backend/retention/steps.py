"""The steps of a run: those of its flow, with up to two of its offers where the first of them stands."""

from typing import Any

from backend.retention.flow_schemas import FlowDocument, FlowStep
from backend.retention.models import RetentionRun
from backend.retention.offering import shown_of
from backend.retention.shipped_flows import BASE_TAXONOMY

BY_AGENT = "by agent"
"""Stands where a run names the rule that chose its flow: an agent chose the offer. No rule can be called so."""
NO_FLOW = FlowDocument.model_validate(
    {
        "steps": [
            {
                "kind": "confirm",
                "id": "confirm",
                "title": "Cancel your plan?",
                "text": "You keep access until the end of the period that you have paid for.",
            }
        ]
    }
)
"""For who is offered nothing: whether they want to cancel, and that is all."""
CANCEL = "CANCEL"
"""What the log calls the decision to cancel, or not to, wherever it was made."""
Shown = dict[str, Any]


def before_offers(run: RetentionRun, document: FlowDocument) -> list[FlowStep]:
    """What stands before the place of the offers: all of it when the flow has none."""
    if run.flow_rule == BY_AGENT:
        return []
    steps = list(document.steps)
    first = next((place for place, step in enumerate(steps) if step.kind == "offer"), None)
    return steps if first is None else steps[:first]


def is_due_for_offers(run: RetentionRun, document: FlowDocument) -> bool:
    """Whether it has come to the place of the offers, and nobody has put them in order yet."""
    is_there = run.step >= len(before_offers(run, document)) and bool(document.offers)
    return is_there and not run.limits and run.flow_rule != BY_AGENT


def steps_of(run: RetentionRun, document: FlowDocument) -> list[tuple[FlowStep, Shown | None]]:
    """All of its steps, each with the ranked offer that stands there; without offers as long as they have no order."""
    before = before_offers(run, document)
    by_id = {step.id: step for step in document.steps}
    ranked = run.ranking if run.flow_rule == BY_AGENT else shown_of(run.ranking)
    offers = [(by_id[entry["stepId"]], entry) for entry in ranked]
    after: list[FlowStep] = [step for step in document.steps[len(before) :] if step.kind != "offer"]
    if run.flow_rule == BY_AGENT:
        after = [document.steps[-1]]
    found: list[tuple[FlowStep, Shown | None]] = [(step, None) for step in before]
    return [*found, *offers, *((step, None) for step in after)]


def current(run: RetentionRun, document: FlowDocument) -> tuple[FlowStep, Shown | None]:
    """The step that is shown now; the last one when it is over."""
    steps = steps_of(run, document)
    return steps[min(run.step, len(steps) - 1)]


def shown(run: RetentionRun, document: FlowDocument) -> Shown | None:
    """The step that is shown now as Step data; None when the run is over."""
    if run.outcome is not None:
        return None
    step, entry = current(run, document)
    offer = None if entry is None else {name: entry[name] for name in ("offerType", "offer", "params", "words")}
    reasons = []
    if step.kind == "survey":
        reasons = [reason.model_dump(mode="json", by_alias=True) for reason in step.reasons]
    elif step.kind == "confirm" and run.reason is None:
        reasons = reasons_of(document)
    return {
        "number": run.step,
        "kind": step.kind,
        "offerType": label_of(step),
        "id": step.id,
        "title": step.title,
        "text": step.text,
        "reasons": reasons,
        "offer": offer,
    }


def label_of(step: FlowStep) -> str:
    """What a decision about the step is about."""
    return step.offer_type if step.kind == "offer" else step.kind.upper()


def reasons_of(document: FlowDocument) -> list[Shown]:
    """The reasons that a customer of the flow may give."""
    survey = document.survey
    found = survey.reasons if survey else BASE_TAXONOMY
    return [reason.model_dump(mode="json", by_alias=True) for reason in found]
