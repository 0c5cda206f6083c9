"""The janitor: says that this process lives, and takes up what dead ones left in their midst."""

import asyncio
import os
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from backend.core.clock import Clock
from backend.core.db import Database
from backend.core.log import logger
from backend.core.outage import Outage
from backend.core.processes import Watch
from backend.jobs import dead_letter
from backend.jobs.engine import POISONED, Engine
from backend.jobs.handed import Handed
from backend.jobs.models import Executor, PendingJob
from backend.jobs.registry import JOBS

BEAT_SECONDS = 5.0
SWEEP_SECONDS = 30.0
KEEP = timedelta(days=14)
"""How long the records of ended jobs are kept."""
UNKNOWN_FOR = timedelta(hours=1)
"""How long a job that this release does not know waits for a process of another release."""
_ENDED = ["SUCCESS", "ERROR", "CANCELLED"]
_FORGET_AT_ONCE = 500
_POISON = "each time that this job ran, the process died or could not write down how it went"


class Janitor:
    """One per process. Whether another is dead, `core.processes.Watch` judges."""

    def __init__(self, database: Database, clock: Clock, engine: Engine, executor_id: str) -> None:
        self._database, self._clock, self._engine, self._id = database, clock, engine, executor_id
        self._watch = Watch()

    async def run(self) -> None:
        """Beat and sweep, for ever; what fails is logged and tried again at the next beat."""
        loop = asyncio.get_running_loop()
        sweep_at = loop.time()
        while True:
            try:
                await self.beat()
                if loop.time() >= sweep_at:
                    await self.sweep()
                    sweep_at = loop.time() + SWEEP_SECONDS
            except Outage:  # the log has it already
                pass
            except Exception as error:
                logger.error("janitor failed", exc_info=error)
            await asyncio.sleep(BEAT_SECONDS)

    async def beat(self) -> None:
        """Say that this process lives."""
        await self._database.write(self._beat)

    async def leave(self) -> None:
        """Say that this process is gone: what it still ran may be taken up at once."""
        await self._database.write(lambda session: _remove(session, [self._id]))

    async def sweep(self) -> int:
        """Resume the jobs of dead processes and what is adrift in this one, bury what cannot run, forget old records; how many
        resumed."""
        running = await self._engine.running_executors()  # first: who begins to beat now has run nothing before
        others = await self._database.read(lambda session: session.scalars(select(Executor)).all())
        dead = {
            other.id
            for other in others
            if other.id != self._id and self._watch.is_dead(other.id, other.place, other.pid, other.beats)
        }
        living = {other.id for other in others} - dead | {self._id}
        resumed = 0
        for executor_id in running - living:
            resumed += await self._engine.recover(executor_id)
        if adrift := await self._engine.recover_adrift():
            logger.warning("resumed jobs whose end could not be written down", jobs=adrift)
        if dead:
            await self._database.write(lambda session: _remove(session, sorted(dead)))
            logger.warning("resumed the jobs of dead processes", processes=len(dead), jobs=resumed)
        await self._bury_unknown()
        await self._bury_poisoned()
        await self._forget_old()
        return resumed + adrift

    def _beat(self, session: Session) -> None:
        now = self._clock.now()
        beat = update(Executor).where(Executor.id == self._id).values(beat_at=now, beats=Executor.beats + 1)
        if session.execute(beat).rowcount == 0:  # type: ignore[attr-defined]
            row = {"id": self._id, "beat_at": now, "beats": 1, "place": self._watch.place, "pid": os.getpid()}
            session.execute(insert(Executor), row)

    async def _bury_poisoned(self) -> None:
        """A job in whose midst the process died again and again is not tried for ever."""
        poisoned = [
            Handed(**job.input["args"][0]) for job in await self._engine.records(status=[POISONED]) if job.input
        ]

        def bury(session: Session) -> None:
            for handed in poisoned:
                dead_letter.record(session, handed, _POISON, self._clock.now())

        if poisoned:
            await self._database.write(bury)
            await self._engine.forget([handed.id for handed in poisoned])

    async def _bury_unknown(self) -> None:
        now = self._clock.now()
        lost = PendingJob.job.not_in(list(JOBS)) & (PendingJob.due_at <= now - UNKNOWN_FOR)

        def bury(session: Session) -> None:
            for handed in [Handed.of(row) for row in session.scalars(select(PendingJob).where(lost)).all()]:
                dead_letter.record(session, handed, f"no job is called {handed.job} in this release", now)
                session.execute(delete(PendingJob).where(PendingJob.id == handed.id))

        if await self._database.read(lambda session: session.scalar(select(PendingJob.id).where(lost).limit(1))):
            await self._database.write(bury)

    async def _forget_old(self) -> None:
        before = (self._clock.now() - KEEP).isoformat()
        old = await self._engine.records(
            status=_ENDED, completed_before=before, limit=_FORGET_AT_ONCE, load_input=False, load_output=False
        )
        if old:
            await self._engine.forget([job.workflow_id for job in old])


def _remove(session: Session, ids: Sequence[str]) -> None:
    session.execute(delete(Executor).where(Executor.id.in_(ids)))
