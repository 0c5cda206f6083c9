"""The two lines above a case: what it is, by which channels and why, and who else is there."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from console.desk import ages, promise, wording
from console.desk.wording import Spans
from console.escalations import ladder

Row = Mapping[str, Any]
SEPARATOR = ("  ", "")


def title_of(row: Row, place: str) -> Spans:
    """Reference, customer, tier and summary; `place` is where it stands in the queue."""
    row = dict(row)
    return [
        (f" {row['ref']} ", "bold"),
        (f"v{row['version']}  ", "muted"),
        (wording.customer(row), "customer bold"),
        SEPARATOR,
        *wording.tier(row),
        SEPARATOR,
        *_merged(row),
        *wording.labels(row),
        (row["summary"], ""),
        (f"  {place}" if place else "", "muted"),
    ]


def _merged(row: Row) -> Spans:
    if row["mergedInto"]:
        return [(f"⇥ part of {row['mergedInto']['ref']} ", "warning bold")]
    return [(f"+{one['ref']} ", "info") for one in row["mergedFrom"]]


def facts_of(row: Row, me: str, now: datetime) -> Spans:
    """Status, nearest target, priority, value and agent."""
    row = dict(row)
    value = wording.money(row["orderValue"], row["currency"])
    return [
        SEPARATOR,
        *wording.status(row),
        *_clock(row, now),
        SEPARATOR,
        *([*due, SEPARATOR] if (due := promise.named(row, now)) else []),
        *wording.priority(row),
        SEPARATOR,
        *([(value, "money"), SEPARATOR] if value else []),
        *wording.agent(row, me),
        (" ", ""),
    ]


def _clock(row: Row, now: datetime) -> Spans:
    if row["status"] == "SNOOZED":
        return [(f" until {ages.local(row['snoozedUntil'], now)}", "muted")]
    is_told = row.get("slaTarget") in ("first_response", "next_response")  # what is left says more than what has passed
    if row["status"] != "CLOSED" and row["waitingSince"] is not None and not is_told:
        return [(f" waits {ages.since(row['waitingSince'], now)}", "warning")]
    return []


def route_of(row: Row, now: datetime, counts_from: datetime | None = None) -> Spans:
    """By which channels, and why these; when the next one opens by itself; by which rule it is clocked, and in which hours."""
    why = wording.spoken(row["routing"].get("text") or "")
    reach = why or wording.channels(row["allowedChannels"])
    spans: Spans = [(" came by ", "muted"), (wording.channel(dict(row)), "info"), (f" · {reach}", "muted")]
    if row["autoEscalateAt"] is not None and row["status"] != "CLOSED":
        left = (ages.parsed(row["autoEscalateAt"]) - now).total_seconds()
        said = "next channel is due" if left <= 0 else f"next channel in {ages.span(left)}"
        spans.append((f" · {said}", "sla-soon" if left <= 300 else "muted"))
    if why := promise.why(row, counts_from, now):
        spans.append((f" · SLA: {why}", "muted"))
    return spans


def escalation_of(row: Row, name_of: Callable[[str], str], now: datetime) -> Spans:
    """To whom it is handed up, who has it there, or when it climbs on."""
    escalation = row["escalation"]
    if escalation is None:
        return []
    spans: Spans = [(f" · ▲ {ladder.words(row['escalationLevel'])}", "warning bold")]
    if escalation["status"] == "ACKNOWLEDGED":
        return [*spans, (f", {name_of(escalation['acknowledgedBy'])} has it", "ok")]
    return [*spans, (f", {climb_of(escalation, now)}", "warning")]


def climb_of(escalation: Row, now: datetime) -> str:
    """When an escalation that nobody has acknowledged climbs on: `climbs in 4m`."""
    due = escalation["nextClimbAt"]
    if due is None:
        return "climbs no further"
    left = (ages.parsed(due) - now).total_seconds()
    return "climbs now" if left <= 0 else f"climbs in {ages.span(left)}"


def watched_by(row: Row, me: str, name_of: Callable[[str], str]) -> Spans:
    """Who wants to hear of it beside who has it."""
    names = ["you" if id == me else name_of(id) for id in row["watcherIds"]]
    if not names:
        return []
    shown = ", ".join(sorted(names, key=lambda name: (name != "you", name))[:3])
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return [(f" · watched by {shown}{more}", "muted")]


def presence_of(members: Sequence[Mapping[str, Any]], me: str) -> Spans:
    """Who else looks at it or types in it."""
    others = [member for member in members if member["id"] != me]
    spans: Spans = []
    for member in others[:3]:
        is_typing = member["doing"] == "typing"
        spans.append((f"{'✎' if is_typing else '◉'} {member['name']} {'types' if is_typing else 'is here'} ", "accent"))
    if len(others) > 3:
        spans.append((f"and {len(others) - 3} more ", "accent"))
    return spans
