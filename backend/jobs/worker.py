"""The worker: everything that makes jobs run in this process, started and stopped as one."""

import asyncio
from collections.abc import Awaitable
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from backend.core.clock import Clock
from backend.core.db import Database
from backend.core.errors import Unavailable
from backend.core.files import jobs_file
from backend.core.ids import new_id
from backend.core.log import logger
from backend.jobs.attempt import Attempts
from backend.jobs.cron import Businesses, Cron
from backend.jobs.engine import Engine
from backend.jobs.janitor import Janitor
from backend.jobs.relay import Relay

State = Literal["off", "starting", "running", "failed", "stopped"]
GRACE_SECONDS = 10.0
_IDLE_LOOK_SECONDS = 0.01


def system_url(database_url: str) -> str:
    """Where the job library keeps its own tables: a file beside an SQLite file, else the same PostgreSQL.

    On one shared SQLite file, a burst of jobs took the app's own writes from 3 ms to 736 ms.
    """
    if not database_url.startswith("sqlite:///"):
        return "postgresql://" + database_url.split("://", 1)[1]
    return f"sqlite:///{jobs_file(Path(database_url.removeprefix('sqlite:///')))}"


class Worker:
    """One per process. `runtime` is what jobs find in `ctx.runtime`; `businesses` lists those that schedules serve."""

    def __init__(
        self, database: Database, clock: Clock, *, database_url: str, runtime: Any, businesses: Businesses
    ) -> None:
        self.state: State = "off"
        self._clock = clock
        self._executor_id = new_id()
        attempts = Attempts(database, clock, runtime, lambda: self.wake(), lambda id: self.relay.let_go(id))
        self.engine = Engine(system_url(database_url), self._executor_id, attempts.run, attempts.settle)
        self.relay = Relay(database, clock, self.engine)
        self.janitor = Janitor(database, clock, self.engine, self._executor_id)
        self.cron = Cron(database, clock, businesses, self.wake)
        self._tasks: list[asyncio.Task[None]] = []
        self._pause: asyncio.Task[None] | None = None
        self._starting: asyncio.Task[None] | None = None

    def wake(self, due: datetime | None = None) -> None:
        """Jobs were committed, of which the first falls due at `due`, or is due now: call on the event loop."""
        self.relay.wake(due)

    def start_soon(self, after: float = 0.0) -> None:
        """Start in the background, `after` seconds: jobs written meanwhile wait in the outbox. `state` tells how it went."""
        self.state = "starting"
        self._pause = asyncio.create_task(asyncio.sleep(after))
        self._starting = asyncio.create_task(self._start_after(self._pause))
        self._starting.add_done_callback(lambda task: task.cancelled() or task.exception())  # `state` tells it

    async def _start_after(self, pause: asyncio.Task[None]) -> None:
        await asyncio.wait({pause})
        if not pause.cancelled():
            await self.start()

    async def start(self, *, by_hand: bool = False) -> None:
        """Launch, and take up what an earlier process left. On failure `state` is `failed`, and the error is raised.

        With `by_hand`, for tests, nothing runs but while `drain` does.
        """
        self.state = "starting"
        try:
            await self.janitor.beat()  # before its first job, so that nobody takes it for dead
            await self.engine.start(self.relay.finished)
        except Exception as error:
            self.state = "failed"
            logger.error("jobs cannot run", exc_info=error)
            raise
        if not by_hand:
            self._tasks = [asyncio.create_task(part.run()) for part in (self.janitor, self.relay, self.cron)]
        self.state = "running"

    async def stop(self, grace_seconds: float = GRACE_SECONDS) -> None:
        """Take no more, wait for what runs, and leave the rest to another process."""
        if self._pause is not None and self._starting is not None:
            self._pause.cancel()
            await asyncio.wait({self._starting})
        was_running, self.state = self.state == "running", "stopped"
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if not was_running:
            return
        await self._within(grace_seconds, self.relay.ended())
        await self.engine.stop()
        await self.janitor.leave()

    async def drain(self) -> None:
        """Run everything that is due now, and what that makes due, to its end. For tests, with a frozen clock."""
        self.must_run()
        await self.cron.tick()
        while True:
            taken = await self.relay.take()
            await self.relay.ended()
            if not taken and await self.relay.is_quiet() and await self.engine.is_idle():
                return
            if not taken:
                await asyncio.sleep(_IDLE_LOOK_SECONDS)

    def must_run(self) -> None:
        """Unavailable unless jobs run in this process."""
        if self.state != "running":
            raise Unavailable("Jobs do not run in this process now.", state=self.state)

    async def _within(self, seconds: float, waited: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(seconds):
                await waited
        except TimeoutError:
            logger.warning("jobs were cut off", running=self.relay.running)
