"""Flows in words: what each step does, and what one document has other than another."""

from typing import Any

from backend.core.money import to_major
from backend.retention.flow_schemas import FlowDocument, FlowStep
from backend.rules.shipped.flow import CATALOGUE
from backend.rules.wording import describe


def offer_words(offer_type: str, params: dict[str, Any]) -> str:
    """What is offered, as its customer reads it."""
    match offer_type:
        case "PAUSE":
            return f"no invoices for {_months(params['months'])}"
        case "DISCOUNT":
            return f"{params['percent']:g} % off for {_months(params['months'])}"
        case "TRIAL_EXTENSION":
            return f"{params['days']} more days to try"
    return f"{params.get('plan') or 'the next smaller plan'}{_price(params)} from the next period on"


def offer_name(offer_type: str, params: dict[str, Any]) -> str:
    """Type and depth, by which an offer is counted: DISCOUNT:20, PAUSE:2, DOWNGRADE, TRIAL_EXTENSION:14."""
    depth = {"PAUSE": "months", "DISCOUNT": "percent", "TRIAL_EXTENSION": "days"}.get(offer_type)
    return f"{offer_type}:{params[depth]:g}" if depth else offer_type


def step_words(step: FlowStep) -> str:
    """A step in one line."""
    match step.kind:
        case "survey":
            return f"ask why ({len(step.reasons)} reasons)"
        case "message":
            return f"say: {step.title or step.text.partition(chr(10))[0][:80]}"
        case "confirm":
            return "confirm: cancel, or stay"
    offer = offer_words(step.offer_type, step.params.model_dump(mode="json", by_alias=True))
    when = "" if step.when is None else f", when {describe(step.when, CATALOGUE)}"
    return f"offer {offer}{when}"


def document_words(document: FlowDocument) -> list[str]:
    """Each step in one line."""
    return [step_words(step) for step in document.steps]


def changes_between(before: FlowDocument, after: FlowDocument) -> list[str]:
    """What `after` has other than `before`; steps are known by their ids."""
    old, new = ({step.id: step for step in one.steps} for one in (before, after))
    said = [f"{id} is gone: {step_words(step)}" for id, step in old.items() if id not in new]
    said += [f"{id} is new: {step_words(step)}" for id, step in new.items() if id not in old]
    for id in (id for id in new if id in old and new[id] != old[id]):
        said += [f"{id}: {one}" for one in _differences(old[id], new[id])]
    kept = [[id for id in one if id in old and id in new] for one in (old, new)]
    if kept[0] != kept[1]:
        said.append(f"the order is {', '.join(new)}")
    return said


def _differences(old: FlowStep, new: FlowStep) -> list[str]:
    if old.kind != new.kind:
        return [f"was: {step_words(old)}; is: {step_words(new)}"]
    was, now = (one.model_dump(mode="json", by_alias=True) for one in (old, new))
    if old.kind == "survey" and new.kind == "survey":
        labels = [{one.code: one.label for one in step.reasons} for step in (old, new)]
        said = [f"no reason {code} any more" for code in labels[0] if code not in labels[1]]
        said += [f"reason {code} is new" for code in labels[1] if code not in labels[0]]
        texts = [name for name in ("title", "text") if was[name] != now[name]]
        return said + [f"other {name}" for name in texts] or ["other reasons"]
    if old.kind == "offer" and step_words(old) != step_words(new):
        return [f"{step_words(old)} → {step_words(new)}"]
    return [f"other {name}" for name in now if was.get(name) != now[name]]


def _months(many: int) -> str:
    return f"{many} month{'' if many == 1 else 's'}"


def _price(params: dict[str, Any]) -> str:
    """Of the plan that a downgrade leads to, once it is known which."""
    if "amount" not in params:
        return ""
    return f" at {to_major(params['amount'], params['currency']):,} {params['currency'].upper()}"
