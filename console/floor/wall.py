"""The supervisor's wall: the whole floor on one screen that needs no hand. Who is there, what waits, what is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical

from console.desk import ages
from console.floor import words
from console.frame.screen import FrameScreen
from console.store import RESET
from console.views import VIEWS
from widgets.paint import Cell
from widgets.panel import Panel

if TYPE_CHECKING:
    from backend.agent.schemas import Floor

WIDE = 165
"""Columns from which deadlines stand beside the people."""
TICK = 1.0
"""Seconds between looks at the clock: countdowns are told to the second."""
AGAIN, SETTLES = 10.0, 2.0
"""Seconds between readings of the floor: at most, and at least when something happened."""
_ALWAYS = ("unassigned", "all")
"""Views whose count is told when it is nothing, too."""


class FloorScreen(FrameScreen):
    """Reads the floor again by itself, when something happened and every few seconds; counts down in between."""

    family: ClassVar[str] = "floor"
    heading: ClassVar[str] = "Floor"
    CSS_PATH = "wall.tcss"

    def __init__(self) -> None:
        super().__init__()
        self.floor: Mapping[str, Any] | None = None
        self._drawn: dict[str, tuple[Any, ...]] = {}
        self._is_due = self._is_reading = False
        self._age = 0.0

    def compose_body(self) -> ComposeResult:
        with Vertical(id="wall"):
            with Vertical(id="people"):
                yield Panel("Floor", id="sums")
                yield Panel("People", id="main")
            yield Panel("Deadlines", id="deadlines")

    def on_mount(self) -> None:
        """Read the floor, and follow what changes it."""
        for topic in ("incidence", "member", "rules", RESET):
            self.listen(topic, lambda _: self.read_soon())
        self.set_interval(TICK, self._tick)
        self.fit()
        for panel in self.query(Panel):
            panel.show_loading()
        self.read()

    def on_screen_resume(self) -> None:
        """In front again."""
        if self.is_mounted:
            self.read()

    def on_resize(self) -> None:
        """Another size, another arrangement."""
        if self.is_mounted:
            self.fit()
            self.call_after_refresh(self.show_floor)

    def fit(self) -> None:
        """Side by side where there is room."""
        self.set_class(self.room >= WIDE, "-wide")

    # -- reading

    def read_soon(self) -> None:
        """Something happened; several changes are one reading."""
        self._is_due = True

    def read(self) -> None:
        """Read the floor now, unless that is under way."""
        if self._is_reading or self.console.session is None:
            return
        self._is_reading, self._is_due, self._age = True, False, 0.0
        self.console.calls.start(
            "read the floor", self.console.api.agent.floor, done=self._read, failed=self._failed, group="floor"
        )

    def _read(self, answer: Floor) -> None:
        self._is_reading = False
        self.floor = answer.model_dump(mode="json", by_alias=True)
        if self.is_attached:
            self.show_floor()

    def _failed(self, error: Exception) -> None:
        self._is_reading = False
        if self.floor is None and self.is_attached:
            self.query_one("#main", Panel).show_error(f"The floor could not be read: {error}")

    def _tick(self) -> None:
        self._age += TICK
        is_in_front = self.app.screen is self
        if is_in_front and self.console.is_online and (self._age >= AGAIN or (self._is_due and self._age >= SETTLES)):
            self.read()
        if is_in_front:
            self.show_floor()

    # -- drawing

    def show_floor(self) -> None:
        """Draw what was read last, as of now."""
        if self.floor is None or not self.is_attached:
            return
        now, floor = self.console.now(), self.floor
        as_of = "" if self.console.is_online else f"offline · as of {ages.local(floor['at'], now)}"
        self._draw("sums", self._sums(), as_of)
        there = sum(one["member"]["availability"] == "ONLINE" for one in floor["members"])
        given = "given out by itself" if floor["isAutomatic"] else "taken by hand"
        people = words.staff(floor["members"], now, self._room("main"))
        self._draw("main", people, f"{there} of {len(floor['members'])} online · work is {given}")
        rows = floor["due"]
        late = sum(ages.parsed(one["dueAt"]) < now for one in rows)
        nothing: list[Cell] = [[("No deadline is running.", "muted")]]
        told = words.due(rows, now, self._room("deadlines")) if rows else nothing
        self._draw("deadlines", told, f"{late} late · {len(rows)} running" if rows else "")

    def _sums(self) -> list[Cell]:
        assert self.floor is not None
        now, nobody, hour = self.console.now(), self.floor["unassigned"], self.floor["lastHour"]
        counts: list[tuple[str, str]] = []
        for view in VIEWS:
            count = self.store.counts[view.key]
            if view.key in _ALWAYS or (count and view.key not in ("mine", "closed")):
                counts += [(f"{view.title} ", "muted"), (f"{count}   ", view.role if count and view.role else "bold")]
        waits: list[tuple[str, str]] = [("Nobody waits for an owner", "ok")]
        if nobody["waiting"]:
            longest = ages.since(nobody["oldestWaitingSince"], now)
            waits = [(f"{nobody['waiting']} wait for an owner", "warning"), (f", the longest for {longest}", "")]
            waits += [(f" · {nobody['why']}", "danger")] if nobody["why"] else []
        lately = f"Last hour: {hour['opened']} opened, {hour['answered']} first answered, {hour['closed']} closed"
        return [counts, waits, lately]

    def _room(self, id: str) -> int:
        return max(20, self.query_one(f"#{id}", Panel).size.width)

    def _draw(self, id: str, lines: Sequence[Cell], freshness: str) -> None:
        """Only what differs from what is on the screen."""
        content = (tuple(map(str, lines)), freshness)
        if self._drawn.get(id) != content:
            self._drawn[id] = content
            self.query_one(f"#{id}", Panel).show((), lines, freshness=freshness)

    # -- verbs

    def action_capacity(self, said: str = "") -> None:
        """`ravi 5`, or `ravi role` for what their role has."""
        name, _, number = said.strip().rpartition(" ")
        found = [one for one in self.store.members.values() if name and name.casefold() in _names(one)]
        if len(found) != 1 or not (number == "role" or number.isdecimal()):
            why = f"{name!r} is nobody, or several people." if name and len(found) != 1 else "Say who, and how many."
            self.console.say(f"{why} As in: capacity ravi 5, capacity ravi role.", "warning")
            return
        api, member = self.console.api, found[0]
        capacity = None if number == "role" else int(number)

        def done(answer: Any) -> None:
            self.store.upsert("member", member["id"], answer.model_dump(mode="json", by_alias=True))
            told = "what their role has" if capacity is None else f"{capacity} cases"
            self.console.say(f"{member['name']} can have {told} at a time.")
            self.read()

        self.console.calls.start("set the capacity", lambda: api.agent.set_capacity(member["id"], capacity), done=done)

    def action_refresh(self) -> None:
        """Read it now."""
        self.read()


def _names(member: Mapping[str, Any]) -> str:
    return f"{member['name']} {member['email']}".casefold()
