"""What the board shows of approvals: a card for each that waits for a decision, as a diff, what ends first on top."""

from collections.abc import Iterable
from datetime import datetime

from console import approvals
from console.approvals import Row
from widgets.cards import Card, Lane
from widgets.paint import Cell
from widgets.tabs import Tab

APPROVALS = "approvals"


def lanes(rows: Iterable[Row], now: datetime) -> list[Lane]:
    """One lane of them all."""
    cards = tuple(card_of(row, now) for row in approvals.ordered(rows))
    empty = "Nothing waits for a decision. What agents ask for appears here by itself."
    return [Lane(APPROVALS, "Waiting for a decision", cards, empty=empty, role="warning" if cards else "")]


def card_of(row: Row, now: datetime) -> Card:
    """An approval: what is asked for, how long there is, what it would do, and why it needs somebody."""
    first: tuple[Cell, Cell] = [(approvals.title_of(row), "bold")], [approvals.until_of(row, now)]
    rest: list[tuple[Cell, Cell]] = [(line, "") for line in approvals.lines_of(row)]
    return Card(row["approvalId"], (first, *rest), row["version"])


def tab(rows: Iterable[Row]) -> Tab:
    """How many wait."""
    count = len(approvals.ordered(rows))
    return Tab(APPROVALS, "Approvals", count, "warning" if count else "", short="Approve")
