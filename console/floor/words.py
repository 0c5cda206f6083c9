"""What the floor says, in words and roles: who is there, how much they have, what is due. Plain values, no drawing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.cells import cell_len

from console.desk import ages
from console.desk.wording import PRIORITY_ROLES
from widgets.paint import cut
from widgets.plain import plain

Row = Mapping[str, Any]
Spans = list[tuple[str, str]]

SIGNS = {"ONLINE": ("●", "ok"), "AWAY": ("◐", "warning"), "OFFLINE": ("○", "muted")}
SOON = 300
"""Seconds before a deadline from which it is soon."""
_ORDER = ("ONLINE", "AWAY", "OFFLINE")
WIDE = 100
"""Cells from which there is room to say since when somebody is there or away."""
_BAR = 6


def availability(member: Row, now: datetime) -> Spans:
    """`◐ away (lunch) until 13:30`: a sign, a word, and what they said with it."""
    state = member.get("availability") or "OFFLINE"
    sign, role = SIGNS[state]
    words = state.lower()
    if state == "AWAY":
        words += f" ({member['awayReason']})" if member.get("awayReason") else ""
        words += f" until {ages.local(member['backAt'], now)}" if member.get("backAt") else ""
    return [(f"{sign} ", role), (words, role if state == "AWAY" else "" if state == "ONLINE" else "muted")]


def mark(member: Row | None, now: datetime) -> Spans:
    """What the first line says of oneself: whether work may come. Nothing before the server knows one is there."""
    if member is None or member.get("availability") not in ("ONLINE", "AWAY"):
        return []
    if member["availability"] == "ONLINE":
        return [(" ● available", "ok")]
    return [(" ", ""), *availability(member, now)]


def load(one: Row) -> Spans:
    """`███░░░ 6/12`; full and beyond are said, not only coloured."""
    has, can = one["load"], one["capacity"]
    filled = _BAR if has >= can else round(_BAR * has / can)
    role = "danger" if has > can else "warning" if has == can else "ok" if has else "muted"
    told = " over" if has > can else " full" if has == can and can else ""
    return [("█" * filled + "░" * (_BAR - filled), role), (f" {has}/{can}{told}", "" if not told else role)]


def countdown(due: str, now: datetime) -> Spans:
    """Until a deadline, to the second in its last hour: `4:12 ·`, `12:40`, `2h05`; `1:05 late !` once it has passed."""
    left = (ages.parsed(due) - now).total_seconds()
    whole = int(abs(left))
    length = f"{whole // 60}:{whole % 60:02d}" if whole < ages.HOUR else ages.span(whole)
    if left < 0:
        return [(f"{length} late !", "sla-breached bold")]
    return [(f"{length} ·", "sla-soon")] if left <= SOON else [(length, "sla-ok")]


def staff(members: Iterable[Row], now: datetime, width: int) -> list[Spans]:
    """A line for everybody, those who are there first, then by name; the columns that fit."""
    ranked = sorted(members, key=lambda one: (_ORDER.index(one["member"]["availability"]), not one["load"]))
    rows: list[list[Spans]] = []
    is_wide = width >= WIDE
    for one in ranked:
        member = one["member"]
        is_gone = member["availability"] == "OFFLINE" and not one["load"]
        longest = ages.since(one["oldestWaitingSince"], now)
        rows.append(
            [
                [(member["name"], "muted" if is_gone else "agent")],
                load(one),
                _is(member, now, is_wide),
                [(str(one["waiting"] or ages.NOTHING), "" if one["waiting"] else "muted")],
                [(longest, "muted" if longest == ages.NOTHING else "")],
                [(f"{one['closedLastHour']} closed", "" if one["closedLastHour"] else "muted")],
                [(" ".join(member["languages"]), "muted")],
            ]
        )
    titles = ("Who", "Has", "Is", "Waiting", "Longest", "Last hour", "Speaks")
    return table(titles, rows, width, flexible=0)


def _is(member: Row, now: datetime, is_wide: bool) -> Spans:
    said, since = availability(member, now), member.get("availabilitySince")
    return [*said, (f" {ages.since(since, now)}", "muted")] if is_wide and since else said


def due(rows: Iterable[Row], now: datetime, width: int) -> list[Spans]:
    """A line for every deadline, the nearest first."""
    cells: list[list[Spans]] = [
        [
            countdown(one["dueAt"], now),
            [(f"P{one['priority']}", PRIORITY_ROLES.get(one["priority"], ""))],
            [(one["ref"], "")],
            [(one["agentName"] or "nobody", "agent" if one["agentName"] else "warning")],
            [(one["target"], "muted")],
            [(one["summary"], "")],
        ]
        for one in rows
    ]
    return table(("In", "P", "Ref", "Agent", "Due", "Summary"), cells, width, flexible=5)


def table(titles: Sequence[str], rows: Sequence[Sequence[Spans]], width: int, *, flexible: int) -> list[Spans]:
    """Cells in columns, each as wide as its widest; `flexible` gives way first, then the last columns are left out."""
    widths = [max([len(title), *(_width(row[place]) for row in rows)]) for place, title in enumerate(titles)]
    least = min(widths[flexible], 12)
    shown = list(range(len(titles)))
    while len(shown) > 2 and sum(least if at == flexible else widths[at] for at in shown) + 2 * len(shown) > width:
        shown.remove(next(at for at in reversed(shown) if at != flexible))
    others = sum(widths[at] + 2 for at in shown if at != flexible)
    widths[flexible] = max(least, min(widths[flexible], width - others))
    lines = [_line([[(title, "muted")] for title in titles], shown, widths)]
    return lines + [_line(row, shown, widths) for row in rows]


def _line(row: Sequence[Spans], shown: Sequence[int], widths: Sequence[int]) -> Spans:
    line: Spans = []
    for at in shown:
        room = widths[at]
        for text, role in row[at]:
            part = cut(plain(text), room)
            room -= cell_len(part)
            line.append((part, role))
        line.append((" " * (room + 2), ""))
    return line[:-1]


def _width(cell: Spans) -> int:
    return sum(cell_len(plain(text)) for text, _ in cell)
