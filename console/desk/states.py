"""What stands where rows would be: loading, offline, and the different kinds of nothing, each with what to do next."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from console.desk.listing import SAVED
from console.views import VIEWS

if TYPE_CHECKING:
    from console.live import FeedState

Spans = list[tuple[str, str]]

_NOTHING = {
    "mine": "Nothing is yours. 2 shows what waits for somebody, N claims what is most urgent.",
    "unassigned": "Nobody waits to be taken. All clear.",
    "all": "No open incidence. New ones appear here by themselves.",
    "sla_risk": "No target is near, and none is missed.",
    "high_friction": "Nobody struggles above 50 of 100.",
    "high_churn": "Nobody with an open case is about to leave.",
    "escalated": "Nothing is escalated.",
    "snoozed": "Nothing sleeps. b on a row puts it away until later.",
    "closed": "Nothing was closed yet.",
}


def first_tab(counts: Mapping[str, int]) -> tuple[str, str]:
    """(key of the tab to begin with, what is where in words): Mine, else the first in which there is something."""
    filled = [(place, view) for place, view in enumerate(VIEWS, 1) if counts[view.key] and view.key != "closed"]
    if counts["mine"] or not filled:
        return "mine", ""
    told = [
        f"{place} {view.title}: {counts[view.key]}" for place, view in filled if view.key != "all" or len(filled) == 1
    ]
    return filled[0][1].key, f"Nothing is yours yet. {' · '.join(told)}"


def empty_text(tab: str, filter: str, has_any: bool) -> Spans:
    """Why a tab shows no row, and what to do."""
    if filter.strip():
        return [("Nothing matches this filter. ", ""), ("esc clears it, / changes it.", "muted")]
    if tab.startswith(SAVED):
        return [("This view holds nothing now.", "")]
    if not has_any and tab not in ("all", "closed"):
        return [("No open incidence at all. ", ""), ("New ones appear by themselves.", "muted")]
    said, _, then = _NOTHING[tab].partition(". ")
    return [(said.rstrip(".") + ". ", ""), (then, "muted")]


def waiting_text(is_loaded: bool, feed: "FeedState", retry: str) -> tuple[str, str]:
    """(role, text) while the rows are not whole: `muted` when they are on their way, `danger` when they cannot be had."""
    if is_loaded:
        return ("", "")
    if feed.kind in ("offline", "ended"):
        return "danger", f"No answer from the server. Trying again by itself; {retry} tries now."
    return "muted", "Loading the queue …"
