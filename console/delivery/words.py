"""How channels and letters stand, in words. Wire data in, lines and cells out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from console.desk import ages
from widgets.outline import Line
from widgets.paint import Cell

Row = Mapping[str, Any]
Pairs = list[tuple[str, Cell]]

CHANNEL, LETTER = "channel:", "letter:"
"""Begin the keys of lines."""
KINDS = {"EMAIL": "E-mail", "SLACK": "Slack", "TEAMS": "Teams"}
STATES = {
    "PENDING": ("·", "info", "waits"),
    "SENDING": ("»", "info", "under way"),
    "SENT": ("✓", "ok", "sent"),
    "FAILED": ("✗", "danger", "failed"),
}
"""Sign, role and word of each state of a letter."""


def standing(one: Row, now: datetime) -> tuple[str, str, str]:
    """Sign, role and words of how a channel does."""
    if one["stoppedAt"]:
        return "‖", "warning", f"stopped {ages.since(one['stoppedAt'], now)} ago: nothing leaves by it"
    if one["pausedUntil"] and ages.parsed(one["pausedUntil"]) > now:
        return "‖", "warning", f"left alone until {ages.local(one['pausedUntil'], now)}, as it asked"
    if one["error"]:
        return "✗", "danger", one["error"]
    if one["answeredAt"]:
        return "✓", "ok", f"took a letter {ages.since(one['answeredAt'], now)} ago"
    if one["sent"]:
        return "✓", "ok", "took letters"
    return "·", "muted", "nothing has gone there yet"


def rate(one: Row) -> str:
    """The share of letters that got out."""
    return "" if one["rate"] is None else f"{one['rate']:.0%} of {one['sent'] + one['failed']} sent"


def of_all(channels: Sequence[Row], letters: Sequence[Row], now: datetime, business: str) -> list[Line]:
    """The channels, then the letters of a business: what failed first, each group the newest first."""
    wide = max((len(one["name"]) for one in channels), default=0)
    lines = [Line("", "Channels")]
    lines += [
        Line(CHANNEL + (one["id"] or one["kind"]), one["name"], _channel(one, now), 1, width=wide + 2)
        for one in channels
    ]
    lines += [] if channels else [Line("", "  Nothing leaves the house yet: n adds a channel.")]
    lines += [Line("", ""), Line("", "Letters")]
    ranked = sorted(letters, key=lambda one: (one["state"] != "FAILED", one["state"] == "SENT"))
    wide = max((len(channel_of(one)) for one in letters), default=0)
    lines += [
        Line(LETTER + one["id"], channel_of(one), _letter(one, now, business), 1, width=wide + 2) for one in ranked
    ]
    return lines if letters else [*lines, Line("", "  None was written yet.")]


def _channel(one: Row, now: datetime) -> list[tuple[str, str]]:
    sign, role, said = standing(one, now)
    return [(f"{KINDS[one['kind']]:<8}", "muted"), (f"{sign} {said}", role), (f"  {rate(one)}", "muted")]


def channel_of(letter: Row) -> str:
    """The channel a letter leaves by: its name, or of what kind it is where the installation's own stands in."""
    return str(letter["channel"] if letter["channelId"] else KINDS[letter["kind"]])


def _letter(one: Row, now: datetime, business: str) -> list[tuple[str, str]]:
    sign, role, said = STATES[one["state"]]
    words = [(f"{sign} {said:<9}", role), (f"  {ages.since(one['createdAt'], now):>5} ago", "muted")]
    words.append((f"  {one['subject'].removeprefix(f'{business}: ')}", ""))  # here, all are of one business
    return [*words, (f"  {one['error']}", "danger")] if one["error"] else words


def of_channel(one: Row, now: datetime) -> tuple[Pairs, list[Cell]]:
    """A channel in full."""
    sign, role, said = standing(one, now)
    pairs: Pairs = [
        ("state", [(f"{sign} {said}", role)]),
        ("kind", KINDS[one["kind"]]),
        ("leads to", one["hint"]),
        ("last letter", _moment(one["answeredAt"], now)),
        ("last error", [(one["error"], "danger")] if one["error"] else "none"),
        *([("", _moment(one["failedAt"], now))] if one["error"] else []),
        ("30 days", f"{one['sent']} sent, {one['failed']} failed, {one['waiting']} waiting"),
        ("success", rate(one) or "nothing has gone yet"),
        ("added", "in the server's settings" if one["id"] is None else _moment(one["createdAt"], now)),
    ]
    return pairs, []


def outcome(letter: Row) -> tuple[str, bool] | None:
    """What came of a letter that tried a channel, and whether it is well; None as long as nobody knows."""
    if letter["state"] == "SENT":
        return f"{channel_of(letter)} works: the letter went out.", True
    if letter["state"] == "FAILED":
        return f"{channel_of(letter)} does not work: {letter['error']}", False
    if letter["error"]:
        return f"{channel_of(letter)} has not taken it yet: {letter['error']}. It is tried again.", False
    return None


def of_letter(one: Row, now: datetime) -> tuple[Pairs, list[Cell]]:
    """A letter in full; its words when they are known."""
    sign, role, said = STATES[one["state"]]
    pairs: Pairs = [
        ("state", [(f"{sign} {said}", role)]),
        ("channel", channel_of(one)),
        ("to", one["recipient"] or "where the channel leads"),
        ("subject", one["subject"]),
        ("tries", str(one["attempts"])),
        ("written", _moment(one["createdAt"], now)),
    ]
    if one["state"] == "PENDING":
        pairs.append(("next try", ages.local(one["dueAt"], now)))
    if one["settledAt"]:
        pairs.append(("over", _moment(one["settledAt"], now)))
    if one["error"]:
        pairs.append(("why", [(one["error"], "danger")]))
    text = one.get("text")
    return pairs, ["", *text.splitlines()] if text else []


def _moment(instant: str | None, now: datetime) -> str:
    return "never" if instant is None else f"{ages.local(instant, now)}, {ages.since(instant, now)} ago"
