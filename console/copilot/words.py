"""The parts of an answer in words. Wire data in, text to be drawn out."""

from collections.abc import Mapping, Sequence
from typing import Any

from console.copilot.talk import Turn
from console.frame.topic import Topic
from widgets.paint import Cell
from widgets.plain import plain

Row = Mapping[str, Any]
TOOLS = {
    "add_note": "a note to add",
    "business_context": "the business",
    "customer_risk": "the customer's risk",
    "desk_figures": "the desk's figures",
    "draft_reply": "a reply to draft",
    "explain_playbook": "the playbooks",
    "explain_rule": "the rules",
    "fitting_offers": "offers that fit",
    "incidence_summary": "the case",
    "metric_summary": "the metrics",
    "queue_counts": "the queue",
    "readiness_breakdown": "the readiness",
    "search_knowledge": "the documents",
    "similar_cases": "cases like it",
    "top_recommendations": "the recommendations",
    "waiting_approvals": "approvals that wait",
}


WELCOME = (
    "Ask about a case, a customer, offers, rules, the queue, metrics, readiness, or your documents.\n"
    "It changes nothing: replies go into a draft when you say so, and nothing is ever sent by it."
)


def heading(model: str | None, asked: Topic) -> str:
    """Who answers, and what “this” means."""
    by = f"answers by {plain(model)}" if model else "no model: answers by tools and documents alone"
    return f"{by} · about {asked.words}" if asked.words else by


def called(call: Row) -> str:
    """A tool that was called."""
    what = TOOLS.get(call["tool"], call["tool"])
    return plain(f"looked at {what}") if call["ok"] else plain(f"✗ {what}: {call['words']}")


def footing(turn: Turn, *, insert: str, do: str) -> list[str]:
    """What stands below an answer: tools, documents, and proposals with the keys that do them."""
    calls, citations = turn.calls, turn.citations
    lines = ["  " + " · ".join(dict.fromkeys(called(one) for one in calls))] if calls else []
    lines += [
        plain(f"  [{one['number']}] {one['title']}" + (f" – {one['heading']}" if one["heading"] else ""))
        for one in citations
    ]
    for one in turn.proposals:
        key = insert if one["kind"] == "draft" else do
        lines.append(plain(f"  → {one['words']} (done)" if one["state"] == "DONE" else f"  {key} → {one['words']}"))
    return lines


def said(messages: Sequence[Row]) -> list[Cell]:
    """An earlier conversation in lines: questions, and how the answers begin."""
    lines: list[Cell] = []
    for one in messages:
        is_question = one["role"] == "member"
        text = " ".join(str(one["text"]).replace("*", "").split())
        lines.append([(plain(f"? {text}" if is_question else text[:300]), "accent bold" if is_question else "muted")])
    return lines
