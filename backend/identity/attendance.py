"""Attendance: which members are connected to this process, told to the database, and what dead processes left there."""

import asyncio
import os
from collections.abc import Callable

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from backend.core.clock import Clock
from backend.core.db import Database
from backend.core.ids import new_id
from backend.core.log import logger
from backend.core.processes import Watch
from backend.identity import availability
from backend.identity.models import MemberConnection, ServerProcess
from backend.work import Work

Service = Callable[[Work, str, str], None]


class Attendance:
    """One per process that serves. Lines say who arrives and leaves; a beat writes down what differs."""

    def __init__(self, database: Database, clock: Clock, beat_seconds: float) -> None:
        self.id = new_id()
        self.watch = Watch()
        self._database, self._clock, self._beat_seconds = database, clock, beat_seconds
        self._lines: dict[str, tuple[str, str]] = {}
        self._kept: set[tuple[str, str]] = set()
        self._task: asyncio.Task[None] | None = None

    def arrive(self, business_id: str, member_id: str, connection: str) -> None:
        """A member has connected."""
        self._lines[connection] = (business_id, member_id)

    def leave(self, connection: str) -> None:
        """That connection is gone."""
        self._lines.pop(connection, None)

    def start(self) -> None:
        """Beat from now on."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Say that this process is gone, and with it everybody who is connected to it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._lines.clear()
        if self._kept:
            try:
                await self.beat()
                await self._database.write(lambda session: _forget(session, self.id))
            except Exception as error:  # another process, or the next one here, will find what is left
                logger.error("could not say goodbye", exc_info=error)

    async def beat(self) -> None:
        """Say that this process lives, who came and who left, and take up what dead processes left behind."""
        connected = set(self._lines.values())
        if (connected or self._kept) and not await self._database.write(self._say):
            self._kept = set()  # the first beat, or somebody took this process for dead
        for business_id, member_id in sorted(connected - self._kept):
            await self._tell(availability.arrived, business_id, member_id, self.id)
            self._kept.add((business_id, member_id))
        for business_id, member_id in sorted(self._kept - connected):
            await self._tell(availability.departed, business_id, member_id, self.id)
            self._kept.discard((business_id, member_id))
        await self._sweep()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._beat_seconds)
            try:
                await self.beat()
            except Exception as error:
                logger.error("attendance failed", exc_info=error)

    def _say(self, session: Session) -> bool:
        """Whether this process was known."""
        mine = update(ServerProcess).where(ServerProcess.id == self.id).values(beats=ServerProcess.beats + 1)
        if session.execute(mine).rowcount:  # type: ignore[attr-defined]
            return True
        row = {"id": self.id, "beats": 1, "place": self.watch.place, "pid": os.getpid()}
        session.execute(insert(ServerProcess), row)
        return False

    async def _sweep(self) -> None:
        """Members who were connected to a process that is dead are connected to it no more."""
        others = await self._database.read(lambda session: session.scalars(select(ServerProcess)).all())
        for other in others:
            if other.id == self.id or not self.watch.is_dead(other.id, other.place, other.pid, other.beats):
                continue
            left = await self._database.read(lambda session, id=other.id: _connected_to(session, id))  # type: ignore[misc]
            for business_id, member_id in left:
                await self._tell(availability.departed, business_id, member_id, other.id)
            await self._database.write(lambda session, id=other.id: _forget(session, id))  # type: ignore[misc]
            logger.warning("a server process is gone", members=len(left))

    async def _tell(self, service: Service, business_id: str, member_id: str, process_id: str) -> None:
        def unit(session: Session) -> None:
            session.info["business_id"] = business_id
            service(Work(session, business_id, self._clock.now()), member_id, process_id)

        await self._database.write(unit)


def _connected_to(session: Session, process_id: str) -> list[tuple[str, str]]:
    columns = select(MemberConnection.business_id, MemberConnection.member_id)
    return [(row[0], row[1]) for row in session.execute(columns.where(MemberConnection.process_id == process_id))]


def _forget(session: Session, process_id: str) -> None:
    session.execute(delete(ServerProcess).where(ServerProcess.id == process_id))
