"""Interventions in words: one as a panel, those of a customer in lines, and what they brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from console.desk import ages
from console.incidences.panels import Content
from widgets.paint import Cell

Row = Mapping[str, Any]
Spans = list[tuple[str, str]]
STATUS_SIGNS = {
    "open": ("○", "info"),
    "active": ("◐", "accent"),
    "completed": ("●", "ok"),
    "cancelled": ("–", "muted"),
}
PRIORITY_ROLES = {"high": "danger", "medium": "warning", "low": "muted"}
OUTCOMES = {"helped": "it helped", "no_change": "nothing changed", "not_reached": "not reached", "lost": "they left"}
UNFINISHED = ("open", "active")
_MOST = 5


def is_overdue(row: Row, now: str) -> bool:
    """Whether it was due and is not done; `now` as ISO."""
    return row["status"] in UNFINISHED and row["dueDate"] is not None and row["dueDate"] < now


def due(row: Row, now: datetime) -> Spans:
    """When it is due: how long from now, or how late."""
    if row["dueDate"] is None:
        return [("no day", "muted")]
    from backend.core.clock import instant

    if row["status"] not in UNFINISHED:
        return [(ages.local(row["dueDate"], now), "muted")]
    if is_overdue(row, instant(now)):
        return [(f"! {ages.since(row['dueDate'], now)} late", "danger bold")]
    return [(ages.local(row["dueDate"], now), "")]


def customer(row: Row) -> str:
    """Whom it is for."""
    return str(row["customerName"] or row["userId"])


def status(row: Row) -> Spans:
    """How it stands, and what came of it."""
    sign, role = STATUS_SIGNS[row["status"]]
    return [(f"{sign} {OUTCOMES.get(row['outcome'] or '', row['status'])}", role)]


def about(row: Row, now: datetime) -> Content:
    """All that is known of one."""
    pairs: list[tuple[str, Cell]] = [
        ("Customer", [(customer(row), "customer bold")]),
        ("Status", status(row)),
        ("Due", due(row, now)),
        ("Whose", row["assigneeName"] or "nobody's"),
        ("Priority", [(row["priority"], PRIORITY_ROLES[row["priority"]])]),
        ("Began", f"{_ORIGINS[row['origin']]}{_of(row)}, {ages.local(row['createdAt'], now)}"),
    ]
    lines: list[Cell] = []
    for title, text in (("Next", row["nextAction"]), ("Why", row["description"]), ("Notes", row["notes"])):
        if text:
            lines += [[(title, "bold accent")], *str(text).split("\n")]
    cause = row["cause"]
    if "score" in cause:
        lines.append([("Then: ", "muted"), (f"risk {cause['score']} · {cause['level']}", "")])
        chance = cause.get("churnProbability")
        lines += [] if chance is None else [[("      ", ""), (f"leaves with {chance:.0%}".replace("%", " %"), "")]]
    return Content(pairs=pairs, lines=lines, freshness=f"version {row['version']}")


_ORIGINS = {"RISK": "from a risk", "PLAYBOOK": "by a playbook", "HAND": "by hand"}


def _of(row: Row) -> str:
    return f" ({row['cause']['playbook']})" if row["cause"].get("playbook") else ""


def of_customer(rows: Sequence[Row] | None, trouble: str, now: datetime, key: str) -> Content:
    """The panel on the customer screen; `rows` is None until they were read."""
    if rows is None:
        return Content(lines=[[(trouble or "Reading …", "danger" if trouble else "muted")]])
    lines: list[Cell] = []
    for row in sorted(rows, key=lambda one: (one["status"] not in UNFINISHED, one["dueDate"] or "9", one["id"]))[
        :_MOST
    ]:
        sign, role = STATUS_SIGNS[row["status"]]
        said = row["nextAction"] or row["description"] or row["type"]
        lines.append([(f"{sign} ", role), (f"{row['type']}: ", "bold"), (said.split("\n")[0], "")])
        whose = row["assigneeName"] or "nobody"
        lines.append([(f"  {whose}  ", "muted"), *due(row, now)])
    if len(rows) > _MOST:
        lines.append([(f"and {len(rows) - _MOST} more", "muted")])
    if not rows:
        lines.append([("Nothing was planned yet. ", "muted"), (f"{key} plans something.", "muted")])
    if trouble:
        lines.append([(trouble, "danger")])
    return Content(lines=lines)


def visits(rows: Sequence[Row] | None, more: bool, trouble: str, now: datetime) -> Content:
    """The panel of the customer's visits."""
    if rows is None:
        return Content(lines=[[(trouble or "Reading …", "danger" if trouble else "muted")]])
    lines: list[Cell] = []
    for row in rows[:_MOST]:
        minutes, seconds = divmod(row["seconds"], 60)
        ends = {"order_placed": ("ordered", "ok"), "session_end": ("left", "muted"), "length": ("went on", "muted")}
        end = ends.get(row["endedBy"], ("", ""))
        live = ("there now", "ok bold") if row["isLive"] else end
        lines.append(
            [
                (f"{ages.local(row['startedAt'], now)}  ", ""),
                (f"{minutes}:{seconds:02}  ", "muted"),
                (f"{row['actions']} action{'' if row['actions'] == 1 else 's'} ", ""),
                live,
            ]
        )
        if row["pages"]:
            lines.append([("  " + " → ".join(row["pages"]), "muted")])
    if not rows:
        lines.append([("The app told of no visit.", "muted")])
    if len(rows) > _MOST or more:
        lines.append([("The command `customer sessions` lists all.", "muted")])
    if trouble:
        lines.append([(trouble, "danger")])
    return Content(lines=lines)


def effect(told: Row) -> list[Cell]:
    """Whether they helped, measure by measure."""
    lines: list[Cell] = []
    for one in told["measures"]:
        role = {"known": "ok", "not_enough": "warning", "none": "muted"}[one["state"]]
        lines += [[(f"{one['label']}, {told['horizon']} days after", "bold accent")], [(one["words"], role)]]
        if one["difference"] is not None:
            for name, title in (("helped", "Got an intervention"), ("alike", "Alike, got none")):
                many, before, after = one[name], one[f"{name}Before"], one[f"{name}After"]
                lines.append(f"{title:<22}{many:>6}   {before:>12,.1f} → {after:,.1f} {one['unit']}")
        if one["unmatched"]:
            lines.append([(f"{one['unmatched']} who got one have nobody alike.", "muted")])
        lines += [[(one["definition"], "muted")], ""]
    return lines
