"""Answering without a model: which tool a question wants by a table of patterns, and what the business's documents say."""

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from backend.copilot import intents, naming
from backend.copilot.beside import Beside
from backend.copilot.intents import Intent
from backend.copilot.knowledge import covering

if TYPE_CHECKING:
    from backend.unit import Units

UNKNOWN = (
    "I do not know. I can answer about cases, customers and their risk, offers that fit, similar cases, rules, the queue, "
    "metrics, readiness and recommendations, and about what is in your documents."
)
COVERED = 0.6
"""The share of a question's words, by their rarity, that a piece of a document must have to be an answer."""
SAID = 0.9
"""The share from which a document comes before a tool, too."""
SURE = 3
"""Weight from which a question wants a tool; below it, documents are looked at first."""
_SAID_NOTE = re.compile(
    r"\bnote\b[\s:,]*(?:that|saying|to|in)?[\s:,]*(?:inc-\d+)?[\s:,]*(.+)$", re.IGNORECASE | re.DOTALL
)
_NEEDED = {
    "case": "Which case? Name it by its ref, such as INC-1042, or ask from its screen.",
    "customer": "Which customer? Name them by id or by name, or ask from one of their cases.",
}


@dataclass(frozen=True)
class Plan:
    """A tool to call with arguments; or words to answer with."""

    tool: str = ""
    arguments: dict[str, Any] | None = None
    words: str = ""


async def plan(units: "Units", text: str, beside: Beside) -> Plan:
    """What to do about a question, asked beside what is on the member's screen."""
    ref = naming.ref_in(text) or beside.incidence
    named = await units.read(naming.customer_in, text)
    customer = named or beside.customer_id
    if customer is None and ref is not None:
        customer = await units.read(naming.customer_of, ref)
    missing = ""
    weighed = intents.weigh(text)
    if any(intent.needs == "playbook" for _, intent in weighed):
        beside = replace(beside, playbook=await units.read(naming.playbook_in, text) or beside.playbook)
    covered = await units.read(covering, text)
    for weight, intent in weighed:
        if covered >= (COVERED if weight < SURE else SAID) and not intent.needs.startswith("case"):
            break
        given, lacks = _given(intent, text, ref, customer, beside)
        if given is not None and weight >= _least(intent):
            return Plan(intent.tool, given)
        missing = missing or (lacks if weight >= SURE else "")
    if covered >= COVERED:
        return Plan("search_knowledge", {"query": text, "limit": 3})
    if missing:
        return Plan(words=missing)
    return Plan(words=UNKNOWN)


def _least(intent: Intent) -> int:
    return 1 if intent.needs in ("case", "customer") else 2


def _given(
    intent: Intent, text: str, ref: str | None, customer: str | None, beside: Beside
) -> tuple[dict[str, Any] | None, str]:
    """The tool's arguments, or None and what is missing."""
    match intent.needs:
        case "case":
            if ref is None:
                return None, _NEEDED["case"]
            if intent.tool == "add_note":
                found = _SAID_NOTE.search(text)
                if found is None:
                    return None, "What should the note say? Ask: add a note to INC-1042: …"
                return {"incidence": ref, "text": found[1].strip()}, ""
            return {"incidence": ref}, ""
        case "case or words":
            return ({"incidence": ref}, "") if ref else ({"words": text}, "")
        case "customer":
            return (None, _NEEDED["customer"]) if customer is None else ({"customer": customer}, "")
        case "rule_set":
            name = intents.rule_set_in(text) or beside.rule_set
            if name is None:
                return ({}, "") if re.search(r"\brule sets?\b", text, re.IGNORECASE) else (None, "")
            return {"ruleSet": name, "words": "" if len(text) > 200 else _rest(text, name)}, ""
        case "playbook":
            is_meant = beside.playbook or re.search(r"\bplaybooks?\b", text, re.IGNORECASE)
            return ({"playbook": beside.playbook or ""}, "") if is_meant else (None, "")
    return {}, ""


def _rest(text: str, name: str) -> str:
    return re.sub(rf"\b(rules?|explain|{re.escape(name)})\b", " ", text, flags=re.IGNORECASE).strip(" ?.")
