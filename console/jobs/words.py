"""How parts, schedules and jobs stand, in words. Wire data in, lines and cells out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from console.desk import ages
from widgets.outline import Line
from widgets.paint import Cell

Row = Mapping[str, Any]
Pairs = list[tuple[str, Cell]]

PART, SCHEDULE, JOB, DEAD = "part:", "schedule:", "job:", "dead:"
"""Begin the keys of lines."""
PARTS = {
    "ok": ("✓", "ok"),
    "warning": ("▲", "warning"),
    "danger": ("✗", "danger"),
    "off": ("·", "muted"),
}
STATUSES = {
    "waiting": ("·", "info"),
    "retrying": ("▲", "warning"),
    "running": ("»", "info"),
    "succeeded": ("✓", "ok"),
    "failed": ("✗", "danger"),
    "cancelled": ("‖", "muted"),
}
"""Sign and role of each state."""


def of_all(
    parts: Sequence[Row], schedules: Sequence[Row], jobs: Sequence[Row], dead: Sequence[Row], now: datetime
) -> list[Line]:
    """How every part does, what failed for good, what waits and ran, and what runs by itself."""
    wide = max((len(one["title"]) for one in parts), default=0)
    lines = [Line("", "How every part does")]
    lines += [Line(PART + one["name"], one["title"], _part(one), 1, width=wide + 2) for one in parts]
    open_letters = [one for one in dead if one["replayedAt"] is None]
    lines += [Line("", ""), Line("", f"Dead letters: {len(open_letters) or 'none'}")]
    lines += [Line(DEAD + one["id"], one["job"], _dead(one, now), 1, width=34) for one in open_letters]
    lines += [Line("", ""), Line("", "Jobs")]
    lines += [Line(JOB + one["id"], one["name"], _job(one, now), 1, width=34) for one in jobs]
    lines += [] if jobs else [Line("", "  None waits, and none has run yet.")]
    lines += [Line("", ""), Line("", "What runs by itself")]
    lines += [
        Line(SCHEDULE + one["name"] + " " + one["cron"], one["name"], _schedule(one, now), 1, width=34)
        for one in schedules
    ]
    return lines


def figure(one: Row) -> str:
    """A number with its unit."""
    value = one["value"]
    told = f"{value:,.0f}" if float(value).is_integer() else f"{value:,}"
    return f"{told}{one['unit'] and (one['unit'] if one['unit'] == '%' else ' ' + one['unit'])}"


def _part(one: Row) -> list[tuple[str, str]]:
    sign, role = PARTS[one["state"]]
    return [(f"{sign} {one['words']}", role)]


def _dead(one: Row, now: datetime) -> list[tuple[str, str]]:
    return [(f"✗ {ages.since(one['failedAt'], now)} ago", "danger"), (f"  {one['error']}", "muted")]


def _job(one: Row, now: datetime) -> list[tuple[str, str]]:
    sign, role = STATUSES[one["status"]]
    when = f"due {ages.local(one['dueAt'], now)}" if one["dueAt"] else f"{ages.since(one['updatedAt'], now)} ago"
    words = [(f"{sign} {one['status']:<9}", role), (f"  {when}", "muted")]
    words += [(f"  try {one['attempts']}", "muted")] if one["attempts"] > 1 else []
    return [*words, (f"  {one['error']}", "danger")] if one["error"] else words


def _schedule(one: Row, now: datetime) -> list[tuple[str, str]]:
    sign, role = STATUSES.get(one["status"] or "", ("·", "muted"))
    last = (
        f"{sign} {one['status'] or 'no run kept'}, {ages.since(one['lastAt'], now)} ago"
        if one["lastAt"]
        else "· not yet"
    )
    return [(f"{last:<24}", role), (f"  next {ages.local(one['nextAt'], now)}", "muted")]


def of_part(one: Row) -> tuple[Pairs, list[Cell]]:
    """A part in full."""
    sign, role = PARTS[one["state"]]
    pairs: Pairs = [("state", [(f"{sign} {one['words']}", role)])]
    return [*pairs, *((each["label"], figure(each)) for each in one["figures"])], []


def of_schedule(one: Row, now: datetime) -> tuple[Pairs, list[Cell]]:
    """A schedule in full."""
    pairs: Pairs = [
        ("what", one["doc"]),
        ("when", f"{one['cron']} (UTC)"),
        ("for", "the whole installation" if one["isOfInstallation"] else "each business"),
        ("last", _moment(one["lastAt"], now)),
        ("result", one["status"] or "that run is not kept, or came before this server"),
        ("next", f"{ages.local(one['nextAt'], now)}, in {ages.until(one['nextAt'], now)}"),
    ]
    return [*pairs, ("why", [(one["error"], "danger")])] if one["error"] else pairs, []


def of_job(one: Row, now: datetime) -> tuple[Pairs, list[Cell]]:
    """A job in full."""
    sign, role = STATUSES[one["status"]]
    pairs: Pairs = [
        ("state", [(f"{sign} {one['status']}", role)]),
        ("tries", str(one["attempts"])),
        ("due", ages.local(one["dueAt"], now) if one["dueAt"] else "now or before"),
        ("began", _moment(one["createdAt"], now)),
        ("for", "the whole installation" if one["isOfInstallation"] else "this business"),
        *((name, str(value)) for name, value in one["args"].items()),
        ("id", one["id"]),
    ]
    return [*pairs, ("why", [(one["error"], "danger")])] if one["error"] else pairs, []


def of_dead(one: Row, now: datetime) -> tuple[Pairs, list[Cell]]:
    """A dead letter in full."""
    pairs: Pairs = [
        ("failed", _moment(one["failedAt"], now)),
        ("tries", str(one["attempts"])),
        *((name, str(value)) for name, value in one["args"].items()),
        ("why", [(one["error"], "danger")]),
    ]
    return pairs, []


def _moment(instant: str | None, now: datetime) -> str:
    return "never" if instant is None else f"{ages.local(instant, now)}, {ages.since(instant, now)} ago"
