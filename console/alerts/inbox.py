"""One's alerts, kept up to date: read anew whenever the feed says that they are different."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from console.store import RESET, Store

if TYPE_CHECKING:
    from backend.client import Client

Row = dict[str, Any]

SETTLES = 0.3
"""Seconds after a change until they are read, so that several changes are one question."""

AGAIN = 5.0
"""Seconds until they are read again when that failed."""

KEPT = 200
"""The newest that are kept here, unread first; older ones are on the server."""


class Inbox:
    """`rows` by id, unread first. `listeners` are told of every change; `on_new` gets what has come since the last look,
    never what was there at the first."""

    def __init__(self, api: Client, store: Store, on_new: Callable[[list[Row]], Any]) -> None:
        self.api, self._on_new = api, on_new
        self.rows: dict[str, Row] = {}
        self.unread = 0
        self.is_loaded = False
        self.trouble = ""
        """Why they could not be read, in words; empty when they could."""
        self.listeners: list[Callable[[], Any]] = []
        self._reading: asyncio.Task[None] | None = None
        self._is_stale = False
        for topic in (RESET, "alert"):
            store.listen(topic, lambda _: self.refresh())

    def refresh(self) -> None:
        """Read them anew, soon."""
        self._is_stale = True
        if self._reading is None or self._reading.done():
            self._reading = asyncio.get_running_loop().create_task(self._read(), name="alerts")

    async def close(self) -> None:
        """Read no more."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(self) -> None:
        from backend.client import ApiError, Offline

        while self._is_stale:
            await asyncio.sleep(SETTLES)
            self._is_stale = False
            try:
                page = await self.api.transport.call("GET", "/api/alerts", limit=KEPT)
            except (ApiError, Offline) as error:
                self.trouble = str(error)
                self._tell()
                if isinstance(error, ApiError) and error.status == 401:
                    return  # signed out: the next sign-in reads them
                self._is_stale = True
                await asyncio.sleep(AGAIN)
                continue
            self._take(page)

    def _take(self, page: Row) -> None:
        before, self.trouble = self.rows, ""
        self.rows = {row["id"]: versioned(row) for row in page["items"]}
        self.unread = page["unread"]
        new = [
            row
            for row in self.rows.values()
            if not row["read"] and (row["id"] not in before or before[row["id"]]["count"] < row["count"])
        ]
        was_loaded, self.is_loaded = self.is_loaded, True
        self._tell()
        if was_loaded and new:
            self._on_new(new)

    def put(self, row: Row) -> None:
        """Keep an answer, as the next look will find it."""
        known = self.rows.get(row["id"])
        if known is not None:
            self.unread += int(known["read"]) - int(row["read"])
            self.rows[row["id"]] = versioned(row)
            self._tell()

    def _tell(self) -> None:
        for listener in tuple(self.listeners):
            listener()


def versioned(row: Row) -> Row:
    """A row with what a table tells changes by."""
    return row | {"version": 2 * row["count"] + row["read"]}
