"""What went between here and a system, in lines: readings, webhooks out and in. Wire data in, rows of cells out."""

from collections.abc import Mapping, Sequence
from typing import Any

from console.desk import ages

Row = Mapping[str, Any]
HEADINGS = ("when", "what", "state", "tries", "about", "why")
POSTED = {"QUEUED": "waits", "SENDING": "under way", "SENT": "done", "DEAD": "given up"}
ARRIVED = {None: "waits", "applied": "applied", "ignored": "nothing new", "refused": "refused", "waiting": "waits"}


def entries_of(told: Mapping[str, Sequence[Row]]) -> list[tuple[str, str, str, str, str, str, str]]:
    """(instant, key, what, state, tries, about, why) of everything, the newest first."""
    found = [
        (one["beganAt"], f"run:{one['id']}", "reading", _run_state(one), "", _counted(one), one["error"] or _first(one))
        for one in told.get("runs", ())
    ]
    found += [
        (
            one["createdAt"],
            f"post:{one['id']}",
            "webhook out",
            POSTED[one["state"]],
            str(one["tries"]),
            one["type"],
            one["error"] or "",
        )
        for one in told.get("posts", ())
    ]
    found += [
        (
            one["receivedAt"],
            f"arrival:{one['id']}",
            "webhook in",
            ARRIVED.get(one["outcome"], str(one["outcome"])),
            str(one["attempts"]),
            one["platform"],
            one["error"] or "",
        )
        for one in told.get("arrivals", ())
    ]
    return sorted(found, reverse=True)


def lines_of(told: Mapping[str, Sequence[Row]]) -> list[tuple[str, ...]]:
    """A table of it, headings first; nothing when there is nothing."""
    from backend.core.clock import RealClock

    now = RealClock().now()
    found = [(ages.local(at, now), *cells) for at, _, *cells in entries_of(told)]
    return [HEADINGS, *found] if found else []


def _run_state(run: Row) -> str:
    if run["endedAt"] is None:
        return "stopped" if run["error"] else "under way"
    return "failed" if run["error"] else "done"


def _counted(run: Row) -> str:
    refused = f", {run['refused']} refused" if run["refused"] else ""
    return f"{run['read']} read, {run['changed']} changed{refused}"


def _first(run: Row) -> str:
    return "; ".join(f"{one['record']}: {one['reason']}" for one in run["problems"][:1])
