"""The relay: takes due jobs from the outbox and starts them, each under its row's id, so twice handed over runs once."""

import asyncio
from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from backend.core.clock import Clock
from backend.core.db import Database
from backend.core.log import logger
from backend.core.outage import Outage
from backend.jobs.attempt import forget, once_it_can
from backend.jobs.engine import Engine
from backend.jobs.handed import Handed
from backend.jobs.models import PendingJob
from backend.jobs.registry import JOBS

SLOTS = {"default": 4, "slow": 2, "outside": 8}
"""How many jobs run at a time in one process, by queue."""
_FALLBACK_SECONDS = 1.0
_ALWAYS = datetime.max.replace(tzinfo=UTC)


class Relay:
    """One per process. What has no free slot stays in the outbox, where any process may take it."""

    def __init__(self, database: Database, clock: Clock, engine: Engine) -> None:
        self._database, self._clock, self._engine = database, clock, engine
        self._woken = asyncio.Event()
        self._next_look = _ALWAYS
        """Until when it sleeps. While it looks, whatever is committed may have come too late to be seen."""
        self._taking = asyncio.Lock()
        self._queue_of: dict[str, str] = {}
        self._leaving: dict[str, asyncio.Future[Collection[str]]] = {}
        """Of each job that started here, what was deleted when the rows of its handful were, once that has been tried."""
        self._busy: Counter[str] = Counter()
        self._ended = asyncio.Event()
        self._ended.set()

    def wake(self, due: datetime | None = None) -> None:
        """Look now: a job was committed that falls due at `due`, before the next look. Call on the event loop."""
        if due is None or due < self._next_look:
            self._woken.set()

    def finished(self, id: str) -> None:
        """A job that started here has ended: its slot is free."""
        queue = self._queue_of.pop(id, None)
        self._leaving.pop(id, None)
        if queue is not None:
            self._busy[queue] -= 1
            self._woken.set()
        if not self._queue_of:
            self._ended.set()

    @property
    def running(self) -> int:
        """Jobs that run in this process."""
        return len(self._queue_of)

    async def ended(self) -> None:
        """Wait until no job runs in this process."""
        await self._ended.wait()

    async def let_go(self, id: str) -> None:
        """Return when the row of a job that started has left the outbox, however long the database is out: before, whoever
        looks there would take it for one that still waits, and add neither its next try nor another job of its key."""
        leaving = self._leaving.get(id)
        if leaving is None or id not in await asyncio.shield(leaving):  # none: a process that died had started it
            await once_it_can(self._database, lambda session: forget(session, id))

    async def is_quiet(self) -> bool:
        """Whether nothing runs in this process and nothing is due. (A look with all slots taken sees nothing due.)"""
        async with self._taking:
            return not self._queue_of and not await self._database.read(self._due)

    async def run(self) -> None:
        """Hand over what is due, for ever; a failed pass is logged and tried again a second later."""
        while True:
            self._woken.clear()
            self._next_look = _ALWAYS
            later = self._clock.now() + timedelta(seconds=_FALLBACK_SECONDS)
            try:
                await self.take()
                later = await self._database.read(lambda session, at_most=later: self._next_due(session, at_most))  # type: ignore[misc]
            except Outage:  # the log has it already
                pass
            except Exception as error:
                logger.error("relay failed", exc_info=error)
            self._next_look = later
            await self._clock.sleep_until(later, self._woken, _FALLBACK_SECONDS)

    async def take(self) -> int:
        """Hand over due jobs as long as there are free slots; how many were."""
        async with self._taking:
            taken = 0
            while due := await self._database.read(self._due):
                started, gone = await self._hand_over(due)
                taken += started
                if not started and not gone:  # somebody looks at each of them just now
                    break
            return taken

    async def _hand_over(self, due: list[Handed]) -> tuple[int, int]:
        """(how many started, how many rows are gone)."""
        left: asyncio.Future[Collection[str]] = asyncio.get_running_loop().create_future()
        gone: list[str] = []
        try:
            # Of each it has to be known whether it is on disk, before a row is deleted and before they are looked at again.
            begun = await asyncio.gather(*(self._begin(handed, left) for handed in due), return_exceptions=True)
            ids = [handed.id for handed, one in zip(due, begun, strict=True) if not isinstance(one, BaseException)]
            gone = await self._database.write(lambda session: _forget_free(session, ids))
        finally:
            left.set_result(gone)
        for one in begun:
            if isinstance(one, BaseException):
                raise one
        return begun.count(True), len(gone)

    async def _begin(self, handed: Handed, left: "asyncio.Future[Collection[str]]") -> bool:
        if handed.id in self._queue_of:  # it runs, but its row could not be deleted last time
            return False
        queue = JOBS[handed.job].queue
        self._ended.clear()
        self._busy[queue] += 1
        self._queue_of[handed.id] = queue  # before it starts: it may have ended when `begin` answers
        self._leaving[handed.id] = left
        started = False
        try:
            started = await self._engine.begin(handed)
        finally:
            if not started:
                self.finished(handed.id)
        return started

    def _due(self, session: Session) -> list[Handed]:
        found: list[Handed] = []
        for queue, slots in SLOTS.items():
            names = [job.name for job in JOBS.values() if job.queue == queue]
            free = slots - self._busy[queue]
            if names and free > 0:
                query = select(PendingJob).where(PendingJob.due_at <= self._clock.now(), PendingJob.job.in_(names))
                rows = session.scalars(query.order_by(PendingJob.due_at, PendingJob.id).limit(free))
                found += [Handed.of(row) for row in rows]
        return found

    def _next_due(self, session: Session, at_most: datetime) -> datetime:
        """The next instant at which a row falls due. What is due already waits for a slot, which wakes."""
        query = select(func.min(PendingJob.due_at)).where(PendingJob.due_at > self._clock.now())
        return min(at_most, session.scalar(query) or at_most)


def _forget_free(session: Session, ids: list[str]) -> list[str]:
    """Delete those that nobody looks at just now (who waited for several could wait for each other); which were."""
    mine = select(PendingJob.id).where(PendingJob.id.in_(ids)).with_for_update(skip_locked=True)
    free = list(session.scalars(mine))
    session.execute(delete(PendingJob).where(PendingJob.id.in_(free)))
    return free
