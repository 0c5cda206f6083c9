"""What the board shows of cases that are handed up: cards, lanes, tabs, and the case under the cursor in full."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.desk import ages, wording
from console.desk.wording import Spans
from console.escalations import ladder
from console.incidences.head import climb_of
from widgets.cards import Card, Lane
from widgets.paint import Cell
from widgets.tabs import Tab

Row = dict[str, Any]

ALL, MINE = "all", "mine"
NEAR_SECONDS = 300
"""A climb that is nearer than this is shown as urgent."""


@dataclass(frozen=True, slots=True)
class Eye:
    """Who looks, when, and what the words depend on beside the rows."""

    member_id: str
    role: str
    now: datetime
    rules: ladder.Rules
    name_of: Callable[[str], str]


def ordered(rows: Iterable[Row]) -> list[Row]:
    """The longest handed up first."""
    return sorted(rows, key=lambda row: (row["escalation"]["raisedAt"], row["incidenceId"]))


def is_open(row: Row) -> bool:
    """Whether nobody has taken it on yet."""
    return bool(row["escalation"]["status"] == "OPEN")


def is_mine(row: Row, member_id: str) -> bool:
    """Whether it is on me: I took it on, or the case is mine."""
    return member_id in (row["escalation"]["acknowledgedBy"], row["agentId"])


def lanes(rows: Sequence[Row], tab: str, eye: Eye, *, is_short: bool) -> list[Lane]:
    """The lanes of a tab: one for each level that the tab shows, the highest first."""
    wanted = [row for row in rows if tab != MINE or is_mine(row, eye.member_id)]
    levels = [level for level in ladder.levels(eye.rules) if tab in (ALL, MINE, level)]
    return [_lane(level, [row for row in wanted if row["escalationLevel"] == level], eye, is_short) for level in levels]


def _lane(level: str, rows: Sequence[Row], eye: Eye, is_short: bool) -> Lane:
    waiting = sum(map(is_open, rows))
    cards = tuple(card_of(row, eye, is_short=is_short) for row in rows)
    role = "warning" if waiting else ""
    note = f"{waiting} not taken on" if waiting else ""
    empty = f"Nothing is with {ladder.words(level)}."
    return Lane(level, ladder.words(level).capitalize(), cards, note=note, empty=empty, role=role)


def tabs(rows: Sequence[Row], eye: Eye) -> list[Tab]:
    """All, each level, mine; a count stands out while somebody waits to be taken on."""

    def tab(key: str, title: str, held: list[Row], short: str = "") -> Tab:
        return Tab(key, title, len(held), "warning" if any(map(is_open, held)) else "", short=short)

    levels = [
        tab(
            level,
            ladder.words(level).capitalize(),
            [row for row in rows if row["escalationLevel"] == level],
            ladder.words(level).split()[0].capitalize(),
        )
        for level in ladder.levels(eye.rules)
    ]
    mine = [row for row in rows if is_mine(row, eye.member_id)]
    return [tab(ALL, "All", list(rows)), *levels, Tab(MINE, "Mine", len(mine))]


def card_of(row: Row, eye: Eye, *, is_short: bool) -> Card:
    """A case that is handed up: who, what, why, since when, and what happens next."""
    name: Spans = [(f"{row['ref']}  ", "bold"), (wording.customer(row), "customer")]
    value: Spans = [(wording.money(row["orderValue"], row["currency"]), "money")]
    why: Spans = [(f"{ladder.words(row['escalation']['reason'])} · {raised_by(row, eye)}", "muted")]
    age = ages.since(row["escalation"]["raisedAt"], eye.now)
    note = row["escalation"]["note"]
    said: Spans = [(f"“{note}”", "note")] if note else []
    lines: tuple[tuple[Cell, Cell], ...]
    if is_short:
        first: Spans = [*name, (f"  {row['summary']}", "")]
        told: Spans = [*why, (f" · {age}  ", "muted"), *said]
        lines = ((first, value), (told, _stands(row, eye)))
    else:
        lines = (
            (name, value),
            (row["summary"], wording.priority(row)),
            (why, [(age, "muted")]),
            *([(said, "")] if said else []),
            ([*_has(row, eye), *_agent(row, eye)], _next(row, eye)),
        )
    return Card(row["incidenceId"], lines, row["version"])


def raised_by(row: Row, eye: Eye) -> str:
    """Who handed it up."""
    by = row["escalation"]["raisedBy"]
    if by is None:
        return "by itself"
    return "by you" if by == eye.member_id else f"by {eye.name_of(by)}"


def _has(row: Row, eye: Eye) -> Spans:
    if is_open(row):
        return [("● open", "warning")]
    by = row["escalation"]["acknowledgedBy"]
    return [(f"✓ {'you have' if by == eye.member_id else f'{eye.name_of(by)} has'} it", "ok")]


def _stands(row: Row, eye: Eye) -> Spans:
    """Who has it, and when it climbs on."""
    then = _next(row, eye)
    return [*_has(row, eye), *([("  ", ""), *then] if then else [])]


def _agent(row: Row, eye: Eye) -> Spans:
    if row["agentId"] in (None, row["escalation"]["acknowledgedBy"]):
        return []
    return [(" · agent ", "muted"), *wording.agent(row, eye.member_id)]


def _next(row: Row, eye: Eye) -> Spans:
    escalation = row["escalation"]
    if not is_open(row) or escalation["nextClimbAt"] is None:
        return []
    left = (ages.parsed(escalation["nextClimbAt"]) - eye.now).total_seconds()
    role = "sla-breached bold" if left <= 0 else ("sla-soon" if left <= NEAR_SECONDS else "muted")
    return [(climb_of(escalation, eye.now), role)]


def detail_of(row: Row, eye: Eye, members: Iterable[Mapping[str, Any]]) -> tuple[list[tuple[str, Cell]], list[Cell]]:
    """The case under the cursor in full: pairs and lines of a panel."""
    escalation = row["escalation"]
    note = escalation["note"]
    said = row["lastMessage"]
    pairs: list[tuple[str, Cell]] = [
        (
            "Case",
            [
                (row["summary"], "bold"),
                ("  ", ""),
                *wording.status(row),
                ("  ", ""),
                *wording.agent(row, eye.member_id),
            ],
        ),
        (
            "Handed up",
            [
                (
                    f"{ladder.words(escalation['reason'])} · {raised_by(row, eye)} at {ages.local(escalation['raisedAt'], eye.now)}",
                    "",
                )
            ],
        ),
        ("Note", [(f"“{note}”", "note")] if note else [("none", "muted")]),
        ("Now", _stands(row, eye)),
        ("May take it", _may_take(row, eye, members)),
    ]
    if said is not None:
        by = "customer" if said["by"] == "customer" else "agent"
        who = wording.customer(row) if by == "customer" else "We"
        pairs.append(("Last words", [(f"{who} {ages.local(said['at'], eye.now)} ", by), (said["text"], "")]))
    return pairs, []


def _may_take(row: Row, eye: Eye, members: Iterable[Mapping[str, Any]]) -> Spans:
    level = row["escalationLevel"]
    people = [one for one in members if not ladder.why_not_taken(eye.rules, level, str(one["role"]))]
    names = sorted("you" if one["id"] == eye.member_id else str(one["name"]) for one in people)
    return [(", ".join(names) or "nobody here", "" if names else "danger")]
