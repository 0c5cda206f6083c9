"""How members and invitations stand, in words. Wire data in, lines and cells out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from console.desk import ages
from widgets.outline import Line
from widgets.paint import Cell, cells, cut

Row = Mapping[str, Any]
Pairs = list[tuple[str, Cell]]

MEMBER, INVITATION = "member:", "invitation:"
"""Begin the keys of lines."""
_LONGEST = 28
"""Cells of a name beside others; in full it stands in the panel."""
ROLES = ("agent", "supervisor", "admin", "owner")
THERE = {"ONLINE": ("●", "ok", "at the desk"), "AWAY": ("◐", "warning", "away"), "OFFLINE": ("○", "muted", "not here")}
MAILS = {"PENDING": "the mail waits to leave", "SENDING": "the mail is leaving", "SENT": "the mail has left"}


def of_all(members: Sequence[Row], invitations: Sequence[Row], me: str, *, may_see: bool) -> list[Line]:
    """Who works here, the mighty first; then who is asked to."""
    names = [_short(one, me) for one in (*members, *invitations)]
    wide = max((cells(name) for name in names), default=0) + 4
    lines = [Line("", "Members")]
    for one in sorted(members, key=lambda one: (-ROLES.index(one["role"]), one["name"].casefold())):
        sign, role, said = THERE[one["availability"]]
        words = [(f"{one['role']:<11}", ""), (f"{sign} {said}", role)]
        lines.append(Line(MEMBER + one["id"], _short(one, me), words, 1, width=wide))
    if not may_see:
        return lines
    lines += [Line("", ""), Line("", "Invitations")]
    for one in invitations:
        sign, role, said = standing(one)
        words = [(f"{one['role']:<11}", ""), (f"{sign} {said}", role)]
        lines.append(Line(INVITATION + one["id"], _short(one, me), words, 1, width=wide))
    return lines if invitations else [*lines, Line("", "  Nobody is asked.")]


def _short(one: Row, me: str) -> str:
    return cut(one["name"], _LONGEST) + (" (you)" if one["id"] == me else "")


def standing(one: Row) -> tuple[str, str, str]:
    """Sign, role and words of how an invitation stands."""
    if one["isExpired"]:
        return "✗", "danger", "has expired"
    if one["letterState"] in MAILS:
        return "·", "info", MAILS[one["letterState"]]
    return "✗", "danger", f"the mail did not leave: {one['letterError'] or 'it is gone'}"


def of_member(one: Row, now: datetime) -> Pairs:
    """A member in full."""
    sign, role, said = THERE[one["availability"]]
    away = f" ({one['awayReason']})" if one["awayReason"] else ""
    return [
        ("e-mail", one["email"]),
        ("role", one["role"]),
        ("is", [(f"{sign} {said}{away}", role)]),
        ("here since", ages.local(one["createdAt"], now)),
        ("languages", ", ".join(one["languages"]) or "none told"),
        ("skills", ", ".join(one["skills"]) or "none told"),
        ("cases at most", "as the rules say" if one["capacity"] is None else str(one["capacity"])),
    ]


def of_invitation(one: Row, now: datetime) -> Pairs:
    """An invitation in full."""
    sign, role, said = standing(one)
    return [
        ("e-mail", one["email"]),
        ("as", one["role"]),
        ("state", [(f"{sign} {said}", role)]),
        ("asked by", one["invitedBy"]),
        ("mailed", ages.local(one["sentAt"], now)),
        ("holds until", ages.local(one["expiresAt"], now)),
    ]
