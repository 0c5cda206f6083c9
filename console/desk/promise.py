"""What is left of a case's nearest target, in text: `4m left`, `12m over`, `paused`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from console.desk import ages
from console.desk.wording import Spans, spoken

Row = Mapping[str, Any]

TARGETS = {"first_response": "first response", "next_response": "next response", "resolution": "resolution"}


def left(row: Row, now: datetime) -> Spans:
    """How long until the nearest target is missed, or since when it is; a dash where nothing is due."""
    due = row.get("slaDueAt")
    if row["status"] == "CLOSED":
        return [("missed", "muted")] if row.get("slaBreachedAt") else [(ages.NOTHING, "muted")]
    if due is None:
        return [("paused", "sla-paused")] if row.get("slaState") == "PAUSED" else [(ages.NOTHING, "muted")]
    seconds = (ages.parsed(due) - now).total_seconds()
    if seconds <= 0:
        return [(f"{ages.span(-seconds)} over", "sla-breached bold")]
    at_risk = row.get("slaRiskAt")
    is_near = at_risk is not None and ages.parsed(at_risk) <= now
    return [(f"{ages.span(seconds)} left", "sla-soon" if is_near else "sla-ok")]


def named(row: Row, now: datetime) -> Spans:
    """The same with the target's name: `first response 4m left`; nothing where nothing is due."""
    name = TARGETS.get(row.get("slaTarget") or "")
    if row["status"] == "CLOSED" or (name is None and row.get("slaState") != "PAUSED"):
        return []
    return [(f"{name} " if name else "SLA ", "muted"), *left(row, now)]


def why(row: Row, counts_from: datetime | None, now: datetime) -> str:
    """By which rule, and when the hours go on: `gold customer by chat, v3, counts from Mon 09:00`."""
    policy = row.get("slaPolicy")
    if policy is None or row["status"] == "CLOSED":
        return ""
    later = (
        [] if counts_from is None or counts_from <= now else [f"counts from {ages.local(counts_from.isoformat(), now)}"]
    )
    return ", ".join([spoken(policy["text"]), f"v{policy['version']}", *later])


def happened(kind: str, data: Mapping[str, Any], now: datetime) -> str:
    """What a timer or another policy did, as the timeline tells it."""
    target, due = TARGETS.get(str(data.get("target")), "a target"), ages.local(data.get("dueAt"), now)
    if kind == "incidence.sla_warned":
        return f"warned that the {target} is due {due}"
    if kind == "incidence.sla_breached":
        return f"noted that the {target} was missed, due {due}"
    rule, version = ((data.get(name) or [None, None])[1] for name in ("rule", "ruleVersion"))
    return f"clocks it by {str(rule or 'no rule').replace('_', ' ')}, v{version}, from now on"
