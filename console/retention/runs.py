"""The runs that the board shows: read once, and then kept by what the feed tells of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from textual.timer import Timer

from console.retention.words import Row
from console.store import Update
from console.twin import told

if TYPE_CHECKING:
    from backend.client import Client
    from console.frame.screen import FrameScreen

OPEN, DECIDED = 200, 100
"""How many are read at once; further decided ones when the cursor nears the last."""
SETTLES = 0.25
"""Seconds in which news of runs that are not here yet is gathered into one question."""
MANY = 8
"""From so many unknown runs on, everything is read anew."""


class Runs:
    """Belongs to one screen. `changed` is told which rows are new or other; None means all of them."""

    def __init__(self, screen: FrameScreen, changed: Callable[[Iterable[Row] | None], None]) -> None:
        self.screen, self.console, self._changed = screen, screen.console, changed
        self.rows: dict[str, Row] = {}
        self.open = 0
        self.trouble = ""
        self.is_loaded = False
        self._next: str | None = None
        self._unknown: set[str] = set()
        self._timer: Timer | None = None

    def read(self) -> None:
        """Read who is deciding now, and what was decided last."""
        api = self.console.api

        async def both() -> tuple[Any, Any]:
            live = await api.retention.runs(open="true", limit=OPEN)
            return live, await api.retention.runs(open="false", limit=DECIDED)

        def done(answer: tuple[Any, Any]) -> None:
            live, decided = map(told, answer)
            self.rows = {row["runId"]: row for row in (*live["items"], *decided["items"])}
            self._next, self.is_loaded, self.trouble = decided["nextCursor"], True, ""
            self._tell(None)

        def failed(error: Exception) -> None:
            self.trouble = str(error)
            self._tell(None)

        self.console.calls.start("read the runs", both, done=done, failed=failed, group="runs", exclusive=True)

    def read_more(self) -> None:
        """The page of decided ones after those that are here."""
        if self._next is None:
            return
        api, cursor, self._next = self.console.api, self._next, None

        def done(answer: Any) -> None:
            page = told(answer)
            self._next = page["nextCursor"]
            self._take_in(page["items"])

        def failed(_: Exception) -> None:
            self._next = cursor

        ask = lambda: api.retention.runs(open="false", limit=DECIDED, cursor=cursor)  # noqa: E731
        self.console.calls.start("read more runs", ask, done=done, failed=failed, group="more-runs")

    def happened(self, update: Update) -> None:
        """Something happened to a run: it carries what the run is like now, though not whose it is."""
        state = (update.frame or {}).get("state")
        known = self.rows.get(update.id)
        if known is not None and state is not None:
            self._take_in([{**known, **state}])
        elif self.is_loaded:
            self._unknown.add(update.id)
            if self._timer is None:
                self._timer = self.screen.set_timer(SETTLES, self._read_unknown)

    def _read_unknown(self) -> None:
        self._timer, ids, self._unknown = None, sorted(self._unknown), set()
        if len(ids) >= MANY:
            self.read()
            return
        api = self.console.api

        async def them() -> list[Any]:
            return [await api.retention.show(id) for id in ids]

        def done(found: list[Any]) -> None:
            self._take_in(map(told, found))

        self.console.calls.start("read the new runs", them, done=done, group="new-runs")

    def _take_in(self, rows: Iterable[Row]) -> None:
        """Keep rows, unless a newer one is here."""
        taken = [row for row in rows if row["version"] >= self.rows.get(row["runId"], row)["version"]]
        self.rows.update({row["runId"]: row for row in taken})
        self._tell(taken)

    def _tell(self, rows: Iterable[Row] | None) -> None:
        if self.screen.is_attached:
            self.open = sum(row["outcome"] is None for row in self.rows.values())
            self._changed(rows)


async def whole(api: Client, id: str) -> Mapping[str, Any]:
    """A run with its log."""
    found: Mapping[str, Any] = told(await api.retention.show(id))
    return found
