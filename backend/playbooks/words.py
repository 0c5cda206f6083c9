"""Playbooks in words: their steps, what starts them, what they are for."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from backend.core.clock import instant
from backend.playbooks import documents as d
from backend.playbooks.facts import CATALOGUE
from backend.rules.problems import InvalidRules
from backend.rules.wording import describe, duration_in_words

OCCASIONS: dict[str, str] = {
    "risk_changed": "another level of risk",
    "churn_changed": "another likelihood to leave",
    "payment_failed": "a failed payment",
    "help_offered": "help that the app offered",
    "daily": "a look at everybody each day",
}
_AUDIENCES = {
    "customer": "the customer, in their app",
    "owner": "who has the case",
    "agents": "all agents",
    "supervisors": "all supervisors",
    "admins": "all admins",
}
_BY = {
    "case": "write in the open incidence",
    "email": "write by mail",
    "either": "write in the open incidence, else by mail",
}
_OFFERS = {
    "PAUSE": "the best pause",
    "DOWNGRADE": "a smaller plan",
    "DISCOUNT": "the best discount",
    "TRIAL_EXTENSION": "a longer trial",
}
_STRANGER = "somebody who is not here"
_LONGEST = 160
Names = Mapping[str, str]
"""What members are called, by id."""


def step_words(step: d.Step, names: Names) -> str:
    """What a step does."""
    match step:
        case d.NotifyStep():
            return f"tell {_AUDIENCES.get(step.to) or names.get(step.to, _STRANGER)}: “{_short(step.text)}”"
        case d.MessageStep():
            return f"{_BY[step.by]}: “{_short(step.text)}”"
        case d.OfferStep():
            return f"offer {_OFFERS[step.offer_type] if step.offer_type else 'the best that limits allow'}"
        case d.WaitStep(until=None):
            return f"wait {duration_in_words(d.length_of(step.length or '').total_seconds())}"
        case d.WaitStep(until=until) if until is not None:
            return f"wait until {instant(until)[:16].replace('T', ' ')} UTC"
        case d.InterventionStep():
            whose = "" if step.to == "none" else f" for {names.get(step.to, _STRANGER)}"
            said = _short(step.next_action or step.description)
            about = f": “{said}”" if said else ""
            return f"begin an intervention{whose} ({step.type}, within {length_words(d.length_of(step.due))}){about}"
        case d.AssignStep():
            to = {"fair": "whoever has most room", "none": "nobody"}.get(step.to)
            what = "open incidence" if step.what == "incidence" else "intervention"
            return f"give the {what} to {to or names.get(step.to, _STRANGER)}"
        case d.WebhookStep():
            return f"tell the webhook endpoint {step.to}"
        case d.ConditionStep():
            rest = "go on" if not step.otherwise else "go on (else: see below)"
            return f"if {condition_words(step.when)}: {rest}{'' if step.otherwise else ', else stop'}"
    raise AssertionError(step)  # pragma: no cover - the document knows the kinds


def document_words(document: d.PlaybookDocument, names: Names) -> list[dict[str, Any]]:
    """Every step: StepWords data."""
    return [
        {"stepId": step.id, "kind": step.kind, "depth": depth, "words": step_words(step, names)}
        for step, depth in d.walk(document.steps)
    ]


def trigger_words(trigger: d.Trigger | None) -> str:
    """What starts it."""
    if trigger is None:
        return "by hand only"
    after = " or ".join(OCCASIONS[one] for one in trigger.after)
    again = f"once in {trigger.cooldown_days} days" if trigger.cooldown_days else "as often as that happens"
    return f"after {after}, if {condition_words(trigger.when)}; each customer {again}, at most {trigger.at_most} a day"


def goal_words(document: d.PlaybookDocument) -> str:
    """What has to hold when an execution ends."""
    return "it came to its end" if document.goal is None else condition_words(document.goal)


def definition(document: d.PlaybookDocument) -> str:
    """What the success rate is, for printing beside it."""
    what = "that came to their end" if document.goal is None else f"at whose end {condition_words(document.goal)}"
    return f"Of the executions that completed or failed: the share {what}. Those that are open or were cancelled do not count."


def condition_words(condition: d.Condition) -> str:
    """A condition in words; one of a time when there were other facts is told as such."""
    try:
        return describe(condition, CATALOGUE)
    except InvalidRules:
        return "a condition that cannot be read any more"


def length_words(length: timedelta) -> str:
    """A length of time."""
    return duration_in_words(length.total_seconds())


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
