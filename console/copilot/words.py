"""The parts of an answer in words. Wire data in, text to be drawn out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from widgets.plain import plain

Row = Mapping[str, Any]
TOOLS = {
    "add_note": "a note to add",
    "business_context": "the business",
    "customer_risk": "the customer's risk",
    "desk_figures": "the desk's figures",
    "draft_reply": "a reply to draft",
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


@dataclass(frozen=True)
class About:
    """What was on the screen that one came from."""

    incidence_id: str = ""
    customer_id: str = ""
    words: str = ""


def about(row: Row | None, customer_id: str = "", name: str = "") -> About:
    """The case on a screen, else the customer on it, else nothing."""
    if row is not None and "incidenceId" in row:
        who = (row.get("customer") or {}).get("name") or row.get("userId", "")
        return About(incidence_id=str(row["incidenceId"]), words=plain(f"{row['ref']}, {who}"))
    return About(customer_id=customer_id, words=plain(name or customer_id)) if customer_id else About()


def heading(model: str | None, asked: About) -> str:
    """Who answers, and what “this” means."""
    by = f"answers by {plain(model)}" if model else "no model: answers by tools and documents alone"
    return f" {by} · about {asked.words}" if asked.words else f" {by}"


def called(call: Row) -> str:
    """A tool that was called."""
    what = TOOLS.get(call["tool"], call["tool"])
    return plain(f"looked at {what}") if call["ok"] else plain(f"✗ {what}: {call['words']}")


def footing(calls: Sequence[Row], citations: Sequence[Row], proposals: Sequence[Row]) -> list[str]:
    """What stands below an answer: tools, documents, proposals."""
    lines = ["  " + " · ".join(dict.fromkeys(called(one) for one in calls))] if calls else []
    lines += [
        plain(f"  [{one['number']}] {one['title']}" + (f" – {one['heading']}" if one["heading"] else ""))
        for one in citations
    ]
    lines += [plain(f"  → {one['words']}" + (" (done)" if one["state"] == "DONE" else "")) for one in proposals]
    return lines
