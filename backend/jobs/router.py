"""/api/jobs and /api/dead-letters."""

from typing import Annotated

from fastapi import Query

from backend.core.errors import Conflict, NotFound, Unavailable
from backend.core.wire import Page
from backend.jobs import dead_letter, repository, schedules, service
from backend.jobs.engine import Engine
from backend.jobs.repository import Cursor
from backend.jobs.schemas import DeadLetterRead, JobAccepted, JobRead, JobStatus, ScheduleRead
from backend.runtime import Runtime
from backend.unit import Router, RuntimeOf, Unit

router = Router(prefix="/api", tags=["jobs"])
Limit = Annotated[int, Query(ge=1, le=200)]
_WAITING = ("waiting", "retrying")


def _engine(runtime: Runtime) -> Engine:
    if runtime.worker is None:
        raise Unavailable("Jobs run in other processes; ask one of those.", state="elsewhere")
    runtime.worker.must_run()
    return runtime.worker.engine


@router.get("/jobs")
async def list_jobs(
    unit: Unit, runtime: RuntimeOf, status: JobStatus | None = None, limit: Limit = 50, cursor: str | None = None
) -> Page[JobRead]:
    """Jobs: first those that wait, the next one first; then those that run or ran, the newest first."""
    engine, after = _engine(runtime), Cursor.parse(cursor)
    items: list[JobRead] = []
    if after.created_ms is None and status in (None, *_WAITING):
        items = await unit.read(service.list_waiting, after, status, limit)
        if len(items) == limit:
            return Page(items=items, next_cursor=str(Cursor(due_at=items[-1].due_at, id=items[-1].id)))
    if status in _WAITING:
        return Page(items=items)
    ran, following = await repository.recorded(engine, unit.business_id, after, status, limit - len(items))
    return Page(items=items + ran, next_cursor=None if following is None else str(following))


@router.get("/jobs/schedules")
async def list_schedules(unit: Unit, runtime: RuntimeOf) -> Page[ScheduleRead]:
    """What runs by itself: when it ran last and next, and how that went."""
    engine, business_id = _engine(runtime), unit.business_id
    ticks = await unit.read(schedules.last_ticks)
    ids = schedules.ids_of(ticks, business_id)
    waiting = await unit.read(schedules.waiting_ids, ids)
    known = await schedules.ran(engine, business_id, ids)
    return Page(items=schedules.told(ticks, waiting, known, business_id, runtime.clock.now()))


@router.post("/jobs/{job_id}/retry", status_code=202)
async def retry_job(job_id: str, unit: Unit, runtime: RuntimeOf) -> JobAccepted:
    """Run a waiting job now, or a failed or cancelled one once more. 409 for one that runs or went well."""
    engine = _engine(runtime)
    if await unit.write(service.hurry, job_id):
        return JobAccepted(id=job_id)
    job = await repository.one(engine, unit.business_id, job_id)
    if job is None:
        raise NotFound(f"There is no job {job_id!r} here.", id=job_id)
    status, handed = repository.read(job).status, repository.handed_of(job)
    if status not in ("failed", "cancelled") or repository.was_retried(job):
        raise Conflict(f"This job cannot be run again: it is {status}.", status=status)
    following = await repository.one(engine, unit.business_id, handed.next_id())
    if following is not None:
        raise Conflict("This job was run again already.", code="ALREADY_REPLAYED", id=following.workflow_id)
    await unit.write(service.replay_job, handed)
    return JobAccepted(id=handed.next_id())


@router.post("/jobs/{job_id}/cancel", status_code=202)
async def cancel_job(job_id: str, unit: Unit, runtime: RuntimeOf) -> JobAccepted:
    """Forget a waiting job, or stop a running one, within about a second. 409 for one that has ended."""
    engine = _engine(runtime)
    if await unit.write(service.drop, job_id):
        return JobAccepted(id=job_id)
    job = await repository.one(engine, unit.business_id, job_id)
    if job is None:
        raise NotFound(f"There is no job {job_id!r} here.", id=job_id)
    if (status := repository.read(job).status) != "running":
        raise Conflict(f"This job cannot be cancelled: it is {status}.", status=status)
    await engine.cancel(job_id)
    return JobAccepted(id=job_id)


@router.get("/dead-letters")
async def list_dead_letters(unit: Unit, limit: Limit = 50, cursor: str | None = None) -> Page[DeadLetterRead]:
    """Jobs that failed for good, the newest first."""
    items = await unit.read(service.list_dead_letters, cursor, limit)
    return Page(items=items, next_cursor=items[-1].id if len(items) == limit else None)


@router.post("/dead-letters/{dead_letter_id}/replay", status_code=202)
async def replay_dead_letter(dead_letter_id: str, unit: Unit) -> DeadLetterRead:
    """Give its job one more attempt, at once. 409 when it was replayed before."""
    return await unit.write(dead_letter.replay, dead_letter_id)
