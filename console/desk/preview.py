"""What the preview says about the case under the cursor."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from console.desk import ages, promise, wording
from console.desk.wording import Row
from console.incidences.panels import REASONS, Content
from widgets.paint import Cell

if TYPE_CHECKING:
    from backend.agent.schemas import Dashboard


def preview_of(row: Row, case: Dashboard | None, now: datetime) -> Content:
    """A case in short, from its row; with the reasons for its friction once the dashboard has answered."""
    pairs: list[tuple[str, Cell]] = [
        ("Case", [(row["summary"], "bold")]),
        ("Customer", [(wording.customer(row), "customer bold"), ("  ", ""), *wording.tier(row)]),
        ("Status", [*wording.status(row), *_for_how_long(row, now)]),
        ("Order", _order(row)),
        (
            "Route",
            [(wording.spoken(row["routing"].get("text") or "") or wording.channels(row["allowedChannels"]), "muted")],
        ),
    ]
    counts_from = case.sla.counts_from if case is not None and case.sla is not None else None
    if due := promise.named(row, now):
        pairs.insert(3, ("SLA", [*due, (f"  {promise.why(row, counts_from, now)}", "muted")]))
    if row["labels"]:
        pairs.append(("Labels", wording.labels(row)))
    about = " on ".join(part for part in (row["eventType"], row["appScreen"]) if part).replace("_", " ").lower()
    if said := " · ".join(part for part in (about, (row["issueCategory"] or "").replace("_", " ")) if part):
        pairs.append(("About", said))
    return Content(pairs, [*_said(row, now), *_friction(row, case)], _opened(row, now))


def _order(row: Row) -> wording.Spans:
    value = wording.money(row["orderValue"], row["currency"]) or ages.NOTHING
    return [*wording.priority(row), ("  ", ""), (value, "money"), (f"  {row['orderId'] or ''}", "muted")]


def _for_how_long(row: Row, now: datetime) -> list[tuple[str, str]]:
    if row["status"] == "SNOOZED":
        return [(f"  until {ages.local(row['snoozedUntil'], now)}", "muted")]
    if row["waitingSince"] is not None and row["status"] != "CLOSED":
        return [(f"  waits for us {ages.since(row['waitingSince'], now)}", "warning")]
    return []


def _friction(row: Row, case: Dashboard | None) -> list[Cell]:
    score = row["frictionScore"] if case is None else case.friction.score
    if score is None or (case is None and score == 0):
        return []
    lines: list[Cell] = ["", [("Friction ", "muted"), *wording.friction(score), (f" {wording.band(score)}", "muted")]]
    if case is not None:
        lines += [
            [(f" +{reason.get('points', 0):>2} ", f"friction-{wording.band(score)}"), (str(reason.get("text", "")), "")]
            for reason in case.friction.reasons[:REASONS]
        ]
    return lines


def _said(row: Row, now: datetime) -> list[Cell]:
    said = row["lastMessage"]
    if said is None:
        return ["", [("Nothing was said yet.", "muted")]]
    by = "customer" if said["by"] == "customer" else "agent"
    who = wording.customer(row) if by == "customer" else "We"
    return ["", [("▎ ", by), (who, f"{by} bold"), (f"  {ages.local(said['at'], now)}", "muted")], said["text"]]


def _opened(row: Row, now: datetime) -> str:
    again = f" · reopened {row['reopenCount']}×" if row["reopenCount"] else ""
    return f"opened {ages.since(row['createdAt'], now)} ago{again}"
