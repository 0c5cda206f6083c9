"""What became of an alert outside the console, in words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from console.desk import ages
from widgets.paint import Cell

Row = Mapping[str, Any]

WAYS = {"EMAIL": "e-mail", "SLACK": "Slack", "TEAMS": "Teams"}
STATES = {
    "WAITING": ("·", "info", "goes at"),
    "PENDING": ("·", "info", "waits since"),
    "SENDING": ("»", "info", "under way since"),
    "SENT": ("✓", "ok", "sent"),
    "FAILED": ("✗", "danger", "failed"),
    "NOBODY": ("‖", "muted", "nobody was there any more"),
}
"""Sign, role and words of each state."""


def of_alert(alert: Row, told: Sequence[Row], now: datetime) -> tuple[list[tuple[str, Cell]], list[Cell]]:
    """The alert, and each place at which it was told, or will be."""
    pairs: list[tuple[str, Cell]] = [
        ("what", alert["message"]),
        ("since", f"{ages.local(alert['createdAt'], now)}, {alert['count']}×"),
        ("console", f"read {ages.local(alert['readAt'], now)}" if alert["read"] else "unread"),
    ]
    lines: list[Cell] = []
    for one in told:
        sign, role, said = STATES[one["state"]]
        count = f", {one['count']} of {alert['count']}" if alert["count"] > 1 else ""
        where = f"  by {one['place']}" if one["way"] != "EMAIL" else ""
        when = ages.local(one["at"], now)
        pairs.append((WAYS[one["way"]], [(f"{sign} {said} {when}{count}", role), (where, "muted")]))
        lines += [[(f"{one['place']}: {one['error']}", "danger")]] if one["error"] else []
    if not told:
        lines.append([("The rules (g r, Alerts) send it nowhere else, or there is no channel.", "muted")])
    return pairs, ["", *lines] if lines else []
