"""The flows that the board shows, and how each does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from console.retention import telling
from console.retention.words import Row
from console.store import Update
from console.twin import told

if TYPE_CHECKING:
    from console.frame.screen import FrameScreen


class Flows:
    """Belongs to one screen; `changed` is told when they are other."""

    def __init__(self, screen: FrameScreen, changed: Callable[[], None]) -> None:
        self.screen, self._changed = screen, changed
        self.rows: dict[str, Row] = {}
        self.is_loaded = False
        self.trouble = ""
        self._does: dict[str, str] = {}

    def read(self) -> None:
        """Read them."""
        api = self.screen.console.api

        def done(answer: Any) -> None:
            self.rows = {row["flowId"]: row for row in told(answer)["items"]}
            self.is_loaded, self.trouble = True, ""
            self._tell()
            self._read_performance()

        def failed(error: Exception) -> None:
            self.trouble = str(error)
            self._tell()

        self.screen.console.calls.start(
            "read the flows", api.flows.list, done=done, failed=failed, group="flows", exclusive=True
        )

    def _read_performance(self) -> None:
        """How each does that customers meet or met, one after the other: it is counted while rows stand already."""
        api, ids = (
            self.screen.console.api,
            [id for id, row in self.rows.items() if row["activatedAt"] or row["isShipped"]],
        )

        async def each() -> dict[str, str]:
            return {id: telling.short(told(await api.flows.ranking(id))["figures"]) for id in ids}

        def done(found: dict[str, str]) -> None:
            self._does |= found
            self._tell()

        self.screen.console.calls.start("count how flows do", each, done=done, group="performance", exclusive=True)

    def happened(self, update: Update) -> None:
        """A flow was made or changed: it carries what it is like now."""
        state = (update.frame or {}).get("state")
        if state is not None and self.is_loaded:
            self.rows[update.id] = state
            self._tell()

    def performance(self, id: str) -> str:
        """How a flow does, in words, as far as that is known."""
        return self._does.get(id, "")

    async def whole(self, id: str) -> Row:
        """A flow with its steps in words and as YAML."""
        found: Row = told(await self.screen.console.api.flows.show(id))
        return found

    def _tell(self) -> None:
        if self.screen.is_attached:
            self._changed()
