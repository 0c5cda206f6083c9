"""The preview follows the cursor: the row at once, the reasons for its friction when the hand has rested."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from textual.timer import Timer

from console.desk.preview import preview_of
from widgets.panel import Panel

if TYPE_CHECKING:
    from backend.agent.schemas import Dashboard
    from console.incidences.deeds import CaseScreen

REST = 0.3
"""Seconds the cursor rests on a row before the server is asked about it."""

KEPT = 64
"""Answers that are remembered."""


class Previews:
    """Shows one case in a panel. Answers are kept by id and version, so that a changed case is asked for again."""

    def __init__(self, screen: CaseScreen, panel: Panel) -> None:
        self.screen, self.panel = screen, panel
        self.is_wanted = False
        self._answers: dict[tuple[str, int], Dashboard] = {}
        self._timer: Timer | None = None

    def show(self, row: Mapping[str, Any] | None) -> None:
        """Show a row now."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if not self.is_wanted:
            return
        if row is None:
            self.panel.show((), [[("Nothing under the cursor.", "muted")]], title="")
            return
        case = self._answers.get((row["incidenceId"], row["version"]))
        content = preview_of(dict(row), case, self.screen.console.now())
        self.panel.show(content.pairs, content.lines, title=row["ref"], freshness=content.freshness)
        if case is None and self.screen.console.is_online:
            self._timer = self.screen.set_timer(REST, lambda: self._ask(row["incidenceId"]))

    def show_soon(self) -> None:
        """The row under the cursor is another one; show it with the next turn of the loop."""
        self.screen.call_after_refresh(lambda: self.show(self.screen.selected()))

    def _ask(self, id: str) -> None:
        api = self.screen.console.api

        async def call() -> Dashboard | None:
            from backend.client import ApiError, Offline

            try:
                return await api.agent.dashboard(id)
            except (
                ApiError,
                Offline,
            ):  # the row stays as it is; a toast for each move of the cursor would be in the way
                return None

        self.screen.console.calls.start("read the preview", call, done=self._answered, group="preview", exclusive=True)

    def _answered(self, case: Dashboard | None) -> None:
        if case is None or not self.screen.is_attached:
            return
        if len(self._answers) >= KEPT:
            self._answers.clear()
        id, version = case.incidence.incidence_id, case.incidence.version
        self._answers[id, version] = case
        row = self.screen.selected()
        if row is not None and (row["incidenceId"], row["version"]) == (id, version):
            self.show(row)
