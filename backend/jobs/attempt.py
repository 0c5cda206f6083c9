"""One try of a job: run its function, and when it fails, write down what comes next in one transaction."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from backend.core.clock import Clock
from backend.core.db import Database
from backend.core.errors import Failure as ServiceFailure
from backend.core.errors import kept
from backend.core.log import logger
from backend.core.outage import Outage
from backend.core.text import clean
from backend.events.event import SYSTEM
from backend.jobs import dead_letter
from backend.jobs.engine import Failure
from backend.jobs.handed import Handed
from backend.jobs.models import PendingJob
from backend.jobs.registry import JOBS, GiveUp, Job
from backend.work import Work

T = TypeVar("T")
_LONGEST_BACKOFF_SECONDS = 3600.0
_ERROR_LENGTH = 2000
OUTAGE_SECONDS = 1.0
"""Between two tries to write down what became of a job, while the database is out."""
_HOPELESS_STATUS = frozenset({400, 401, 403, 404, 413, 422})
"""A service's refusals that stay refusals; a conflict, a rate limit or something unavailable may pass."""


@dataclass(frozen=True)
class Context:
    """See `registry.JobContext`."""

    database: Database
    clock: Clock
    runtime: Any
    job_id: str
    business_id: str
    request_id: str
    attempt: int

    async def read(self, service: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run a service that only looks, on the job's business."""
        return await self.database.read(lambda session: service(self._work(session), *args, **kwargs))

    async def write(self, service: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run a service in a transaction, on the job's business."""
        return await self.database.write(lambda session: service(self._work(session), *args, **kwargs))

    def _work(self, session: Session) -> Work:
        if self.business_id:  # a job of the whole installation sees every business
            session.info["business_id"] = self.business_id
        return Work(session, self.business_id, self.clock.now(), SYSTEM, self.request_id)


def backoff(job: Job, attempt: int, chance: Callable[[], float] = random.random) -> timedelta:
    """How long to wait after failed attempt number `attempt`: doubling, an hour at most, less up to half by chance.

    Half of it fixed and half random is "equal jitter" (AWS Architecture Blog, Exponential Backoff And Jitter).
    """
    doubled = job.backoff_seconds * 2.0 ** min(attempt - 1, 32)
    return timedelta(seconds=min(doubled, _LONGEST_BACKOFF_SECONDS) * (0.5 + chance() / 2))


class Attempts:
    """Runs handed jobs on the app's event loop and settles their failures."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        runtime: Any,
        wake: Callable[[], None],
        let_go: Callable[[str], Awaitable[None]],
    ) -> None:
        """`let_go` returns when a job's row has left the outbox; `wake` says that another has come in."""
        self._database, self._clock, self._runtime, self._wake, self._let_go = database, clock, runtime, wake, let_go

    async def run(self, handed: Handed) -> Failure | None:
        """Run the job's function once. None when it went well, else the error and whether it is hopeless."""
        job = JOBS.get(handed.job)
        if job is None:
            return {"error": f"no job is called {handed.job} in this release", "hopeless": True}
        context = Context(
            self._database,
            self._clock,
            self._runtime,
            handed.id,
            handed.business_id,
            handed.request_id,
            handed.attempt,
        )
        began, has_failed = time.perf_counter(), True
        try:
            await self._let_go(handed.id)
            async with asyncio.timeout(job.timeout_seconds):
                await job.run(context, **handed.args)
            has_failed = False
        except Exception as error:
            logger.warning("job failed", job=job.name, id=handed.id, attempt=handed.attempt, exc_info=error)
            return {"error": _told(error, job), "hopeless": _is_hopeless(error)}
        finally:
            if meters := getattr(self._runtime, "meters", None):
                meters.job(job.name, time.perf_counter() - began, is_webhook=job.is_of_webhook, has_failed=has_failed)
        return None

    async def settle(self, handed: Handed, failure: Failure) -> bool:
        """Write the next attempt or the dead letter. True when there is a next attempt; safe to repeat."""
        job = JOBS.get(handed.job)
        last = handed.last_attempt or (job.retries + 1 if job else handed.attempt)
        if job is None or failure["hopeless"] or handed.attempt >= last:
            bury = partial(dead_letter.record, handed=handed, error=failure["error"], now=self._clock.now())
            await once_it_can(self._database, bury)
            return False
        due = self._clock.now() + backoff(job, handed.attempt)
        await once_it_can(self._database, lambda session: _come_back(session, handed, failure["error"], due))
        self._wake()
        return True


async def once_it_can(database: Database, unit: Callable[[Session], T]) -> T:
    """The result of a unit that writes, as soon as the database can: what becomes of a job must not end with an outage."""
    while True:
        try:
            return await database.write(unit)
        except Outage:
            await asyncio.sleep(OUTAGE_SECONDS)


def forget(session: Session, id: str) -> None:
    """The row of a job that has begun goes."""
    session.execute(delete(PendingJob).where(PendingJob.id == id))


def _come_back(session: Session, handed: Handed, error: str, due: datetime) -> None:
    forget(session, handed.id)
    same_key = (PendingJob.business_id == handed.business_id) & (PendingJob.key == handed.key)
    found = PendingJob.id == handed.next_id()
    if handed.key is not None:
        found |= same_key  # somebody wants it anew under the same key, which replaces this one
    if session.execute(select(PendingJob.id).where(found).limit(1)).first():
        return
    row = handed.as_json() | {"id": handed.next_id(), "attempt": handed.attempt + 1, "due_at": due, "error": error}
    session.execute(insert(PendingJob), row)


def _told(error: Exception, job: Job) -> str:
    if isinstance(error, TimeoutError) and job.timeout_seconds and not str(error):
        return f"TimeoutError: not done within {job.timeout_seconds:g} seconds"
    return clean(kept(error))[:_ERROR_LENGTH]


def _is_hopeless(error: Exception) -> bool:
    return isinstance(error, GiveUp) or (isinstance(error, ServiceFailure) and error.status in _HOPELESS_STATUS)
