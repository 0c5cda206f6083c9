"""Schedules: each tick runs once, however many processes there are; of missed ticks, the last one is caught up."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from backend.core.clock import Clock, instant
from backend.core.databases import insert_into
from backend.core.db import Database
from backend.core.log import logger
from backend.core.rows import table_of
from backend.jobs.models import CronTick, PendingJob
from backend.jobs.registry import SCHEDULES, Schedule

Businesses = Callable[[Session], Sequence[str]]
"""The ids of the businesses for which jobs of scope `business` run."""
_LOOK_SECONDS = 30.0


class Cron:
    """One per process. Moving a row of `cron_ticks` forward and wanting the jobs is one transaction."""

    def __init__(self, database: Database, clock: Clock, businesses: Businesses, wake: Callable[[], None]) -> None:
        self._database, self._clock, self._businesses, self._wake = database, clock, businesses, wake
        self._done: dict[Schedule, datetime] = {}

    async def run(self) -> None:
        """Tick at each scheduled instant, for ever; a failed tick is logged and tried again."""
        never = asyncio.Event()
        while True:
            later = self._clock.now() + timedelta(seconds=_LOOK_SECONDS)
            try:
                await self.tick()
                now = self._clock.now()
                later = min([later, *(following(schedule.cron, now) for schedule in SCHEDULES)])
            except Exception as error:
                logger.error("cron failed", exc_info=error)
                later = self._clock.now() + timedelta(seconds=1)
            await self._clock.sleep_until(later, never, _LOOK_SECONDS)

    async def tick(self) -> int:
        """Want the jobs of every schedule whose last instant has not run yet; how many schedules had one.

        A schedule seen for the first time starts with its next instant, so that a new installation is not flooded.
        """
        now = self._clock.now()
        due = [(schedule, last(schedule.cron, now)) for schedule in SCHEDULES]
        due = [(schedule, at) for schedule, at in due if self._done.get(schedule) != at]
        if not due:
            return 0
        ticked = await self._database.write(lambda session: self._move(session, due, now))
        self._done.update(due)
        if ticked:
            self._wake()
        return ticked

    def _move(self, session: Session, due: Sequence[tuple[Schedule, datetime]], now: datetime) -> int:
        query = select(CronTick.job, CronTick.cron, CronTick.ticked_at)
        known = {(job, cron): at for job, cron, at in session.execute(query)}
        first = [
            {"job": schedule.job.name, "cron": schedule.cron, "ticked_at": at}
            for schedule, at in due
            if (schedule.job.name, schedule.cron) not in known
        ]
        if first:
            session.execute(insert_into(table_of(CronTick), session).on_conflict_do_nothing(), first)
        behind = [(schedule, at) for schedule, at in due if known.get((schedule.job.name, schedule.cron), at) < at]
        return sum(self._want(session, schedule, at, now) for schedule, at in behind)

    def _want(self, session: Session, schedule: Schedule, at: datetime, now: datetime) -> bool:
        mine = (CronTick.job == schedule.job.name) & (CronTick.cron == schedule.cron)
        moved = session.execute(update(CronTick).where(mine, CronTick.ticked_at < at).values(ticked_at=at))
        if not moved.rowcount:  # type: ignore[attr-defined]
            return False  # another process was faster
        for business_id in self._businesses(session) if schedule.scope == "business" else [""]:
            row = {
                "id": f"cron:{schedule.job.name}:{instant(at)}:{business_id}".rstrip(":"),
                "business_id": business_id,
                "job": schedule.job.name,
                "args": {},
                "due_at": now,
            }
            session.execute(insert(PendingJob), row)
        return True


def last(expression: str, now: datetime) -> datetime:
    """The newest instant of a cron expression that is not after `now`, in UTC."""
    from croniter import croniter  # type: ignore[import-untyped]

    # It looks before what it is given, in whole seconds.
    start = now.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
    found: datetime = croniter(expression, start).get_prev(datetime)
    return found


def following(expression: str, now: datetime) -> datetime:
    """The first instant of a cron expression after `now`, in UTC."""
    from croniter import croniter

    found: datetime = croniter(expression, now.astimezone(UTC).replace(microsecond=0)).get_next(datetime)
    return found
