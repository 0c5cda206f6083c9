"""The playbooks and executions that the screen shows, as they are read and as the feed tells of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.timer import Timer

from console.playbooks.words import Row
from console.store import Update
from console.twin import told

if TYPE_CHECKING:
    from console.frame.screen import FrameScreen

MOST = 200
"""Executions that are read of each: those that are open, and those that are over."""
SETTLES = 2.0
"""Seconds in which what ended is gathered into one question for the numbers."""


class Playbooks:
    """Belongs to one screen; `changed` is told when they are other."""

    def __init__(self, screen: FrameScreen, changed: Callable[[], None]) -> None:
        self.screen, self._changed = screen, changed
        self.rows: dict[str, Row] = {}
        self.is_loaded = False
        self.trouble = ""
        self._timer: Timer | None = None

    def read(self) -> None:
        """Read them, with their numbers."""
        api = self.screen.console.api

        def done(answer: Any) -> None:
            self.rows = {row["playbookId"]: row for row in told(answer)["items"]}
            self.is_loaded, self.trouble = True, ""
            self._tell()

        def failed(error: Exception) -> None:
            self.trouble = str(error)
            self._tell()

        self.screen.console.calls.start(
            "read the playbooks", api.playbooks.list, done=done, failed=failed, group="playbooks", exclusive=True
        )

    def happened(self, update: Update) -> None:
        """One was made or changed: it carries what it is like now, but for its numbers."""
        state = (update.frame or {}).get("state")
        known = self.rows.get(update.id)
        if state is not None and known is not None:
            self.rows[update.id] = {**known, **state}
            self._tell()
        else:
            self.read_soon()

    def read_soon(self) -> None:
        """The numbers are others; several at once are one question."""
        if self._timer is None and self.is_loaded:
            self._timer = self.screen.set_timer(SETTLES, self._read_again)

    def _read_again(self) -> None:
        self._timer = None
        if self.screen.console.is_online:
            self.read()

    def _tell(self) -> None:
        if self.screen.is_attached:
            self._changed()


class Executions:
    """Belongs to one screen; `changed` is told which are other, None for all."""

    def __init__(self, screen: FrameScreen, changed: Callable[[list[Row] | None], None]) -> None:
        self.screen, self._changed = screen, changed
        self.rows: dict[str, Row] = {}
        self.is_loaded = False
        self.trouble = ""

    @property
    def open(self) -> int:
        """How many are not over."""
        return sum(row["endedAt"] is None for row in self.rows.values())

    def read(self) -> None:
        """The newest of those that are open and of those that are over."""
        api = self.screen.console.api

        async def both() -> tuple[Any, Any]:
            return await api.executions.list(open="true", limit=MOST), await api.executions.list(
                open="false", limit=MOST
            )

        def done(answer: tuple[Any, Any]) -> None:
            self.rows = {row["executionId"]: row for page in answer for row in told(page)["items"]}
            self.is_loaded, self.trouble = True, ""
            self._tell(None)

        def failed(error: Exception) -> None:
            self.trouble = str(error)
            self._tell(None)

        self.screen.console.calls.start(
            "read the executions", both, done=done, failed=failed, group="executions", exclusive=True
        )

    def happened(self, update: Update) -> None:
        """One moved: it carries what it is like now."""
        state = (update.frame or {}).get("state")
        if state is not None and self.is_loaded:
            self.keep(state)

    def keep(self, row: Row) -> None:
        """Take in an execution, unless a newer one is here."""
        known = self.rows.get(row["executionId"])
        if known is None or known["version"] <= row["version"]:
            self.rows[row["executionId"]] = row
            self._tell([row])

    def _tell(self, rows: list[Row] | None) -> None:
        if self.screen.is_attached:
            self._changed(rows)
