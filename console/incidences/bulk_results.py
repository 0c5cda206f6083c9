"""What was done to many at once: each verb, what became of each case, and taking it back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from console.desk import ages
from widgets.prompt import Choice, Option

if TYPE_CHECKING:
    from backend.client import Client
    from backend.core.wire import Page
    from backend.incidences.bulk_schemas import BulkDetail, BulkRead, BulkRowRead
    from console.app import ConsoleApp

LOOK_EVERY = 0.25
"""Seconds between looks at one that runs."""

TELL_EVERY = 8
"""Looks between words about it."""

LISTED = 2_000
"""Cases that are listed one by one, at most."""

_UNDO = "undo"
_WORDS = {
    "PENDING": "waits for its turn",
    "DONE": "done",
    "SKIPPED": "left alone",
    "UNDONE": "taken back",
    "KEPT": "kept",
}


async def waited_for(api: Client, bulk: BulkRead, tell: Callable[[BulkRead], Any]) -> BulkRead:
    """The verb on many once it is through, or taken back; `tell` hears now and then how far it is."""
    looks, now = 0, bulk
    while now.state in ("RUNNING", "UNDOING"):
        await asyncio.sleep(LOOK_EVERY)
        now, looks = await api.bulks.show(bulk.bulk_id, limit=1), looks + 1
        if looks % TELL_EVERY == 0:
            tell(now)
    return now


async def rows_of(api: Client, bulk: BulkRead, state: str | None = None) -> list[BulkRowRead]:
    """The cases of a verb on many that are in `state`, all of them when None."""
    rows: list[BulkRowRead] = []
    cursor = None
    while len(rows) < LISTED:
        page = await api.bulks.show(bulk.bulk_id, state=state, limit=200, cursor=cursor)
        rows, cursor = [*rows, *page.rows], page.next_cursor
        if cursor is None:
            break
    return rows


class Results:
    """The screens that tell of them."""

    def __init__(self, app: ConsoleApp) -> None:
        self.app = app

    def choose(self) -> None:
        """List the newest; one that is chosen is told of case by case."""

        def listed(page: Page[BulkRead]) -> None:
            if not page.items:
                self.app.say("Nothing was done to many at once yet. Mark rows, then press a verb.")
                return
            options = [Option(bulk.bulk_id, self._title(bulk), _count(bulk)) for bulk in page.items]
            self.app.push_screen(Choice("Verbs on many", options), lambda id: self.show(id) if id else None)

        self.app.calls.start("list the verbs on many", self.app.api.bulks.list, done=listed)

    def show(self, bulk_id: str) -> None:
        """What became of each case of one; enter opens a case."""
        api = self.app.api

        async def read() -> tuple[BulkDetail, list[BulkRowRead]]:
            bulk = await api.bulks.show(bulk_id, limit=1)
            return bulk, await rows_of(api, bulk)

        def shown(found: tuple[BulkDetail, list[BulkRowRead]]) -> None:
            bulk, rows = found
            options = [Option(row.incidence_id, row.ref, _said(row)) for row in _left_alone_first(rows)]
            if bulk.state == "DONE" and bulk.undo_until is not None:
                until = ages.local(bulk.undo_until.isoformat(), self.app.now())
                options.insert(0, Option(_UNDO, "Take it all back", f"until {until}; what was changed since stays"))

            def chosen(id: str | None) -> None:
                if id == _UNDO:
                    self.take_back(bulk_id)
                elif id is not None:
                    self.app.open_incidence(id)

            self.app.push_screen(Choice(f"{self._title(bulk)}: {_count(bulk)}", options), chosen)

        self.app.calls.start("read what became of each", read, done=shown)

    def take_back(self, bulk_id: str) -> None:
        """Undo it as a whole; what was changed since stays, and is listed."""
        api = self.app.api

        async def call() -> BulkRead:
            return await waited_for(api, await api.bulks.undo(bulk_id), lambda now: self.app.say(f"Taken back: {now.undone}"))  # fmt: skip

        def done(bulk: BulkRead) -> None:
            self.app.say(f"{bulk.undone} are as they were{f'; {bulk.kept} were changed since and stay' if bulk.kept else ''}.")  # fmt: skip
            if bulk.kept:
                self.show(bulk_id)

        self.app.calls.start("take it all back", call, done=done)

    def _title(self, bulk: BulkRead) -> str:
        members = self.app.store.members
        who = members[bulk.member_id]["name"] if bulk.member_id in members else "somebody"
        args = " ".join(self._arg(value) for value in bulk.args.values() if value not in (None, []))
        return f"{ages.local(bulk.created_at.isoformat(), self.app.now())} {who}: {bulk.verb} {args}".rstrip()

    def _arg(self, value: Any) -> str:
        if isinstance(value, list):
            return " ".join(map(str, value))
        member = self.app.store.members.get(str(value))
        return str(member["name"] if member else value)


def _count(bulk: BulkRead) -> str:
    if bulk.state in ("UNDOING", "UNDONE"):
        return f"{bulk.undone} taken back, {bulk.kept} kept"
    going = f" of {bulk.total}" if bulk.state == "RUNNING" else ""
    return f"{bulk.done} done{going}, {bulk.skipped} left alone"


def _said(row: BulkRowRead) -> str:
    return f"{_WORDS[row.state]}: {row.why}" if row.why else _WORDS[row.state]


def _left_alone_first(rows: Iterable[BulkRowRead]) -> list[BulkRowRead]:
    return sorted(rows, key=lambda row: row.state not in ("KEPT", "SKIPPED"))
