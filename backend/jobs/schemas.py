"""Wire types of jobs."""

from typing import Any, Literal

from backend.core.wire import UtcInstant, Wire

JobStatus = Literal["waiting", "retrying", "running", "succeeded", "failed", "cancelled"]


class JobRead(Wire):
    """One attempt of a job. `error` of a retrying one is what its last attempt failed with."""

    id: str
    name: str
    status: JobStatus
    attempts: int
    created_at: UtcInstant | None
    updated_at: UtcInstant | None
    due_at: UtcInstant | None
    error: str | None
    args: dict[str, Any]
    is_of_installation: bool


class JobAccepted(Wire):
    """What was asked of a job will be done; `id` is the attempt to watch."""

    id: str


class DeadLetterRead(Wire):
    """A job that failed for good."""

    id: str
    job_id: str
    job: str
    args: dict[str, Any]
    error: str
    attempts: int
    failed_at: UtcInstant
    replayed_at: UtcInstant | None


class ScheduleRead(Wire):
    """What runs by itself. `lastAt` is its last tick, None of one that has not had any; `status` and `error` are those of
    the run that it wanted, None when that is not kept any more."""

    name: str
    cron: str
    """Five fields, in UTC."""
    is_of_installation: bool
    doc: str
    last_at: UtcInstant | None
    next_at: UtcInstant
    status: JobStatus | None
    error: str | None
    job_id: str | None
