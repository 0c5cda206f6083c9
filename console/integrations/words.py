"""How connections and outgoing calls stand, in words. Wire data in, lines and cells out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from console.desk import ages
from widgets.outline import Line
from widgets.paint import Cell

Row = Mapping[str, Any]
Pairs = list[tuple[str, Cell]]

STATES = {
    "QUEUED": ("·", "info", "waits"),
    "SENDING": ("»", "info", "under way"),
    "UNKNOWN": ("?", "warning", "unclear"),
    "SENT": ("✓", "ok", "done"),
    "FAILED": ("✗", "danger", "failed"),
    "DEAD": ("✗", "danger", "given up"),
}
"""Sign, role and word of each state of a call."""
KINDS = {
    "MESSAGE": "answer",
    "NOTE": "note",
    "PROPERTIES": "facts of the case",
    "ASSIGN": "who has it",
    "STATUS": "whether it is over",
}
CONNECTION, CALL = "connection:", "call:"
"""Begin the keys of lines."""


def standing(one: Row, now: datetime) -> tuple[str, str, str]:
    """Sign, role and words of how a connection does."""
    if one["missing"]:
        return "▲", "warning", f"not set up: {', '.join(one['missing'])} is missing"
    if one["stoppedAt"]:
        return "‖", "muted", f"stopped {ages.since(one['stoppedAt'], now)} ago"
    if one["pausedUntil"] and ages.parsed(one["pausedUntil"]) > now:
        return "‖", "warning", f"paused until {ages.local(one['pausedUntil'], now)}"
    if one["error"]:
        return "✗", "danger", "the last answer was an error"
    if one["answeredAt"]:
        return "✓", "ok", f"answered {ages.since(one['answeredAt'], now)} ago"
    return "·", "muted", "has not been asked yet"


def of_all(
    connections: Sequence[Row], calls: Sequence[Row], ref_of: Any, now: datetime, connects: str = ""
) -> list[Line]:
    """The connections, then the calls: what failed first, each group the newest first. `ref_of` names a case,
    `connects` is the key that connects something."""
    wide = max((len(one["title"]) for one in connections), default=0)
    lines = [Line("", "Connections")]
    lines += [
        Line(CONNECTION + one["id"], one["title"], _connection(one, now), 1, width=wide + 2) for one in connections
    ]
    lines += [] if connections else [Line("", f"  Nothing is connected; {connects} connects a system.")]
    lines += [Line("", ""), Line("", "Outgoing calls")]
    titles = {one["platform"]: one["title"] for one in connections}
    ranked = sorted(calls, key=lambda one: (one["state"] != "FAILED", one["state"] == "SENT"))
    lines += [
        Line(CALL + one["id"], ref_of(one["incidenceId"]), _call(one, titles, now), 1, width=11) for one in ranked
    ]
    return lines if calls else [*lines, Line("", "  Nothing was to be done on a platform yet.")]


def _connection(one: Row, now: datetime) -> list[tuple[str, str]]:
    sign, role, said = standing(one, now)
    counts = [
        (f"  {number} {STATES[state][2]}", STATES[state][1]) for state, number in one["outgoing"].items() if number
    ]
    webhooks = one["failingDeliveries"]
    return [(f"{sign} {said}", role), *counts, *([(f"  {webhooks} bad webhooks", "danger")] if webhooks else [])]


def _call(one: Row, titles: Mapping[str, str], now: datetime) -> list[tuple[str, str]]:
    sign, role, said = STATES[one["state"]]
    words = [(f"{sign} {said:<9}", role), (f"  {KINDS[one['kind']]:<18}", "")]
    words.append((f"  {titles.get(one['platform'], one['platform'])}", "muted"))
    words.append((f"  {ages.since(one['createdAt'], now)} ago", "muted"))
    return [*words, (f"  {one['error']}", "danger")] if one["error"] else words


def of_connection(one: Row, kind: Row | None, now: datetime) -> tuple[Pairs, list[Cell]]:
    """A connection in full, as far as its kind knows such things: pairs, and what an admin should do."""
    sign, role, said = standing(one, now)
    is_paused = one["pausedUntil"] and ages.parsed(one["pausedUntil"]) > now
    kind = kind or {"isSynced": True, "hears": True, "family": "chat", "needs": []}
    names = {need["name"] for need in kind["needs"]}
    counts = ", ".join(f"{number} {STATES[state][2]}" for state, number in one["outgoing"].items() if number)
    pairs: Pairs = [
        ("state", [(f"{sign} {said}", role)]),
        ("last answer", _moment(one["answeredAt"], now)),
        ("last error", [(one["error"], "danger")] if one["error"] else "none"),
        *([("", _moment(one["failedAt"], now))] if one["error"] else []),
        ("paused until", ages.local(one["pausedUntil"], now) if is_paused else "not paused"),
    ]
    if kind["isSynced"]:
        pairs.append(("last sweep", _moment(one["sweptAt"], now)))
    if run := one["lastRun"]:
        refused = [(f", {run['refused']} refused", "warning")] if run["refused"] else []
        pairs.append(("last reading", [(f"{run['read']} read, {run['changed']} changed", ""), *refused]))
    if kind["hears"]:
        pairs.append(("bad webhooks", str(one["failingDeliveries"] or "none")))
    if one["platform"] != "inbox":
        pairs.append(("address", one["baseUrl"] or "none"))
    if not names or "token" in names:
        pairs.append(("token", "kept" if one["hasToken"] else [("missing", "warning")]))
    if kind["hears"]:
        theirs = [("checked with the server's secret; refused where it has none", "muted")]
        pairs.append(("webhooks", "checked with a secret of its own" if one["hasWebhookSecret"] else theirs))
    if one["webhookPath"] and kind["family"] != "chat":
        pairs.append(("come to", one["webhookPath"]))
    if kind["family"] == "chat":
        pairs.append(("is told", ", ".join(one["sends"]) or "nothing"))
    if one["platform"] == "webhook":
        pairs += [("is told", ", ".join(one["events"]) or "what playbooks tell"), ("posts", counts or "none open")]
    if one["mapping"]:
        pairs.append(("mapping", _mapped(one["mapping"])))
    if not names or "perMinute" in names:
        pairs.append(("a minute", f"{one['perMinute']} requests at most"))
    return pairs, []


def _mapped(mapping: Row) -> str:
    """What a mapping makes of a record, in short."""
    parts = [", ".join(mapping["fields"])] if mapping["fields"] else []
    parts += [f"signals {', '.join(one['type'] for one in mapping['signals'])}"] if mapping["signals"] else []
    parts += ["cases"] if mapping["incidences"] else []
    return "; ".join(parts) or "nothing yet"


def of_call(one: Row, ref: str, now: datetime) -> Pairs:
    """A call in full."""
    sign, role, said = STATES[one["state"]]
    pairs: Pairs = [
        ("case", [(ref, "bold")]),
        ("what", KINDS[one["kind"]]),
        ("state", [(f"{sign} {said}", role)]),
        ("platform", one["platform"]),
        ("tries", str(one["tries"])),
        ("wanted", _moment(one["createdAt"], now)),
    ]
    if one["state"] in ("QUEUED", "UNKNOWN"):
        pairs.append(("next try", ages.local(one["dueAt"], now)))
    if one["settledAt"]:
        pairs.append(("settled", _moment(one["settledAt"], now)))
    return [*pairs, ("why", [(one["error"], "danger")])] if one["error"] else pairs


def _moment(instant: str | None, now: datetime) -> str:
    return "never" if instant is None else f"{ages.local(instant, now)}, {ages.since(instant, now)} ago"
