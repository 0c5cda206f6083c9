"""What runs by itself: each schedule with when it ran last and next, and how the last run went."""

from datetime import datetime

from sqlalchemy import select

from backend.core.clock import instant
from backend.jobs import repository
from backend.jobs.cron import following
from backend.jobs.engine import Engine, user_of
from backend.jobs.models import CronTick
from backend.jobs.registry import SCHEDULES, Schedule
from backend.jobs.repository import PENDING
from backend.jobs.schemas import JobRead, ScheduleRead
from backend.work import Work

ATTEMPTS = 4
"""How many attempts of the last run are looked for."""


def last_ticks(work: Work) -> dict[tuple[str, str], datetime]:
    """When each schedule last ticked, by job and expression."""
    rows = work.session.execute(select(CronTick.job, CronTick.cron, CronTick.ticked_at))
    return {(row.job, row.cron): row.ticked_at for row in rows}


def waiting_ids(work: Work, ids: list[str]) -> dict[str, str | None]:
    """Of these jobs, those that still wait, with what their last attempt failed with."""
    query = select(PENDING.c.id, PENDING.c.error).where(PENDING.c.id.in_(ids))
    return {row.id: row.error for row in work.session.execute(query)}


def run_id(schedule: Schedule, at: datetime, business_id: str) -> str:
    """The id of the job that a tick wanted, see `cron`."""
    owner = business_id if schedule.scope == "business" else ""
    return f"cron:{schedule.job.name}:{instant(at)}:{owner}".rstrip(":")


def ids_of(ticks: dict[tuple[str, str], datetime], business_id: str) -> list[str]:
    """The ids of every last run and of its later attempts."""
    first = [
        run_id(schedule, at, business_id)
        for schedule in SCHEDULES
        if (at := ticks.get((schedule.job.name, schedule.cron))) is not None
    ]
    return [id if number == 1 else f"{id}~{number}" for id in first for number in range(1, ATTEMPTS + 1)]


async def ran(engine: Engine, business_id: str, ids: list[str]) -> dict[str, JobRead]:
    """Those of the jobs that run or ran."""
    if not ids:
        return {}
    records = await engine.records(workflow_ids=ids, user=[user_of(business_id), user_of("")])
    return {record.workflow_id: repository.read(record) for record in records}


def told(
    ticks: dict[tuple[str, str], datetime],
    waiting: dict[str, str | None],
    known: dict[str, JobRead],
    business_id: str,
    now: datetime,
) -> list[ScheduleRead]:
    """Every schedule, by name."""
    shown = []
    for schedule in sorted(SCHEDULES, key=lambda one: (one.job.name, one.cron)):
        at = ticks.get((schedule.job.name, schedule.cron))
        id = None if at is None else run_id(schedule, at, business_id)
        tries = [] if id is None else [id if number == 1 else f"{id}~{number}" for number in range(ATTEMPTS, 0, -1)]
        status, error, job_id = None, None, None
        for one in tries:
            if one in waiting:
                status, error, job_id = ("retrying" if waiting[one] else "waiting"), waiting[one], one
                break
            if one in known:
                status, error, job_id = known[one].status, known[one].error, one
                break
        shown.append(
            ScheduleRead(
                name=schedule.job.name,
                cron=schedule.cron,
                is_of_installation=schedule.scope == "installation",
                doc=(schedule.job.run.__doc__ or "").strip().split("\n")[0],
                last_at=at,
                next_at=following(schedule.cron, now),
                status=status,
                error=error,
                job_id=job_id,
            )
        )
    return shown
