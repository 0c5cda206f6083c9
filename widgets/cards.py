"""Cards in lanes: what a board shows, and how one line of it is painted. Plain values."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.console import Console
from rich.segment import Segment
from rich.style import Style

from widgets.paint import Cell, Palette, fit, spans, width_of

GAP = 2
"""Cells between the left and the right half of a line, at least."""


@dataclass(frozen=True, slots=True)
class Card:
    """One thing on the board: lines of a left and a right half. ``version`` is told when it is opened."""

    key: str
    lines: tuple[tuple[Cell, Cell], ...]
    version: int = 0
    is_gone: bool = False
    """It has left the board and stands there only as long as a hand is at work."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Cards under one title. ``note`` stands at the right of the title, ``empty`` where cards would be."""

    key: str
    title: str
    cards: tuple[Card, ...] = ()
    note: str = ""
    empty: str = "Nothing here."
    role: str = ""


def held(shown: Sequence[Lane], wanted: Sequence[Lane]) -> tuple[tuple[Lane, ...], int]:
    """(the lanes as shown, with every card as it is wanted; how many cards wait to come, go or move)."""
    now = {card.key: (lane.key, card) for lane in wanted for card in lane.cards}
    new = {lane.key: lane for lane in wanted}
    seen: set[tuple[str, str]] = set()
    lanes = []
    for lane in shown:
        cards = []
        for card in lane.cards:
            at, fresh = now.get(card.key, ("", replace(card, is_gone=True)))
            cards.append(fresh)
            seen.add((at, card.key) if at == lane.key else ("", card.key))
        lanes.append(replace(new.get(lane.key, lane), cards=tuple(cards)))
    there = {(at, key) for key, (at, _) in now.items()}
    return tuple(lanes), len({key for _, key in seen ^ there})


def paint(
    line: tuple[Cell, Cell], width: int, palette: Palette, console: Console, *, bar: str = "", is_gone: bool = False
) -> list[Segment]:
    """A line of a card, exactly ``width`` cells wide with one free at its end; the right half stays whole as long as it
    can."""
    if is_gone:
        palette = Palette.like(palette, palette.base + Style(dim=True, strike=True))
    left = [*spans([(bar or " ", "cursor-bar")], palette, console), *spans(line[0], palette, console)]
    right = spans(line[1], palette, console)
    blank, width = Style(bgcolor=palette.base.bgcolor), max(0, width - 1)
    room = min(width_of(right), width)
    gap = min(GAP, width - room) if room else 0
    edge = Segment(" ", blank)
    left = fit(left, width - room - gap, "left", blank)
    return [*left, Segment(" " * gap, blank), *fit(right, room, "left", blank), edge]
