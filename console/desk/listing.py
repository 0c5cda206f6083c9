"""What each tab of the queue shows: a view, a filter as typed, an order. No drawing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from console.query import Predicate, Problem, compile_filter, parse
from console.views import VIEW_OF, VIEWS, Moment, queue_order, sla_order

Row = dict[str, Any]
SAVED = "saved:"
"""Begins the key of a tab that shows a saved view."""

_DESCENDING: dict[str, Callable[[Row], Any]] = {
    "updated": lambda row: row["updatedAt"],
    "created": lambda row: row["createdAt"],
    "value": lambda row: -1 if row["orderValue"] is None else row["orderValue"],
    "friction": lambda row: -1 if row["frictionScore"] is None else row["frictionScore"],
}

_FIRST_SORT = {"sla_risk": "sla"}
"""Tabs that begin with another order than the queue's."""


@dataclass(slots=True)
class Place:
    """What is remembered of a tab."""

    filter: str = ""
    problem: str = ""
    sort: str = "queue"
    cursor: str | None = None
    narrows: Predicate | None = None


class Listing:
    """The tabs and what they let through. `saved` are the saved views: name -> filter."""

    def __init__(self, saved: Mapping[str, str]) -> None:
        self.active = VIEWS[0].key
        self.member_id = ""
        self.moment = Moment("", "")
        self._places: dict[str, Place] = {}
        self.saved: dict[str, str] = {}
        self.broken: dict[str, str] = {}
        """Saved views that cannot be read, and why."""
        self._saved_holds: dict[str, Predicate] = {}
        self.save(saved)

    def save(self, saved: Mapping[str, str]) -> None:
        """Have these saved views."""
        self.saved, self.broken, self._saved_holds = dict(saved), {}, {}
        for name, text in self.saved.items():
            try:
                self._saved_holds[name] = _saved(text, self.member_id, self._now)
            except Problem as problem:
                self.broken[name] = str(problem)

    def look_as(self, moment: Moment) -> None:
        """Who looks, and when: views, `@me` and `sla` depend on it."""
        is_another, self.moment = moment.member_id != self.member_id, moment
        if is_another:
            self.member_id = moment.member_id
            self.save(self.saved)
            for place in self._places.values():
                self._narrow(place, place.filter)

    def _now(self) -> str:
        return self.moment.now

    @property
    def place(self) -> Place:
        """The active tab's."""
        return self._places.setdefault(self.active, Place(sort=_FIRST_SORT.get(self.active, "queue")))

    def narrow(self, text: str) -> str:
        """Filter the active tab; the problem in words when it cannot be read, and then the filter before stays."""
        self._narrow(self.place, text)
        return self.place.problem

    def _narrow(self, place: Place, text: str) -> None:
        place.filter = text
        try:
            place.narrows = compile_filter(text, self.member_id, self._now) if text.strip() else None
            place.problem = ""
        except Problem as problem:
            place.problem = str(problem)

    def allows(self) -> Predicate:
        """Whether a row is on the active tab now."""
        holds, narrows = self._holds(self.active), self.place.narrows
        if narrows is None:
            return holds
        return lambda row: holds(row) and narrows(row)

    def _holds(self, key: str) -> Predicate:
        if key.startswith(SAVED):
            return self._saved_holds.get(key.removeprefix(SAVED), lambda _: False)
        holds, moment = VIEW_OF[key].holds, self.moment
        return lambda row: holds(row, moment)

    def order(self) -> tuple[Callable[[Row], Any], bool]:
        """The active tab's sort key, and whether it goes down."""
        descending = _DESCENDING.get(self.place.sort)
        if descending is not None:
            return descending, True
        return (sla_order if self.place.sort == "sla" else queue_order), False

    def query(self) -> dict[str, str] | None:
        """What the active tab shows, as the server is asked for it; None when its filter cannot be read."""
        place, words = self.place, [self.place.filter.strip()]
        if place.problem:
            return None
        if not self.active.startswith(SAVED):
            return {"view": self.active} | ({"q": words[0]} if words[0] else {})
        text = self.saved.get(self.active.removeprefix(SAVED), "")
        words += [text] if any(term.field == "status" for term in parse(text)) else [text, "-closed"]
        return {"q": " ".join(word for word in words if word)}

    def count(self, name: str, rows: Mapping[str, Row]) -> int:
        """How many rows a saved view holds."""
        holds = self._holds(SAVED + name)
        return sum(map(holds, rows.values()))


def _saved(text: str, member_id: str, now: Callable[[], str]) -> Predicate:
    """A saved view holds open cases, unless it says which status it wants."""
    holds = compile_filter(text, member_id, now)
    if any(term.field == "status" for term in parse(text)):
        return holds
    return lambda row: row["status"] != "CLOSED" and holds(row)
