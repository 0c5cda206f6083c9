"""Jobs wanted by a unit of work, written in its own transaction: if it rolls back, nobody ever hears of them."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select

from backend.core.ids import new_id
from backend.core.rows import table_of
from backend.events.event import Event
from backend.events.models import EventRow
from backend.jobs.handed import Handed
from backend.jobs.models import PendingJob
from backend.jobs.registry import JOBS, SUBSCRIBERS, Job, Timer

if TYPE_CHECKING:
    from backend.work import Work

# Built once, on the bare table: building and planning them anew each time cost more than running them.
_TABLE = table_of(PendingJob)
_INSERT = insert(_TABLE)
_IS_THERE = (
    select(_TABLE.c.id)
    .where(_TABLE.c.business_id == bindparam("business"), _TABLE.c.key == bindparam("which"))
    .with_for_update(read=True, key_share=True)  # it starts after this unit's commit, and sees what the unit did
)
_DELETE = delete(_TABLE).where(_TABLE.c.business_id == bindparam("business"), _TABLE.c.key == bindparam("which"))


def add(
    work: "Work",
    job: Job,
    *,
    at: datetime | None,
    key: str | None,
    args: dict[str, Any],
    id: str | None = None,
    is_first: bool = False,
) -> None:
    """Want `job` at `at` (now by default). A pending job with the same `key` is replaced, unless `is_first` of it."""
    if key is not None and not is_first:
        cancel(work, key)
    _insert(work, _row(work, job, at, key, args, id))


def add_first(work: "Work", timers: Iterable[Timer]) -> None:
    """Want timers whose keys nobody can have used before, in one statement: for where each one counts."""
    rows = [_row(work, JOBS[timer.job], timer.at, timer.key, timer.args) for timer in timers]
    if rows:
        _insert(work, rows)


def _row(
    work: "Work", job: Job, at: datetime | None, key: str | None, args: dict[str, Any], id: str | None = None
) -> dict[str, Any]:
    return {
        "id": id or new_id(),
        "business_id": work.business_id,
        "job": job.name,
        "args": args,
        "due_at": at or work.now,
        "key": key,
        "request_id": work.request_id,
    }


def _insert(work: "Work", rows: dict[str, Any] | list[dict[str, Any]]) -> None:
    work.session.connection().execute(_INSERT, rows)
    info, first = work.session.info, min(row["due_at"] for row in (rows if isinstance(rows, list) else [rows]))
    info["jobs"] = min(first, info.get("jobs", first))


def add_subscribers(work: "Work", event: type[Event], row: EventRow) -> None:
    """Want every job subscribed to `event`, under an id made of the event's, so that it runs once whatever happens."""
    for job in SUBSCRIBERS.get(event, ()):
        if job.is_gathering:
            _add_unless_there(work, job, row.seq)
            continue
        add(work, job, at=None, key=None, args={"event_id": row.id, "seq": row.seq}, id=f"{row.id}:{job.name}")


def _add_unless_there(work: "Work", job: Job, seq: int) -> None:
    """Want `job` under its own name, unless it is wanted already; looked for once in a unit."""
    known = ("gathering", work.business_id, job.name)
    if known in work.session.info:
        return
    work.session.info[known] = True
    if not is_pending(work, job.name):
        add(work, job, at=None, key=job.name, args={"seq": seq}, is_first=True)


def add_again(work: "Work", handed: Handed) -> None:
    """Want one more attempt of a job that ended, at once."""
    row = handed.as_json() | {
        "id": handed.next_id(),
        "key": None,
        "due_at": work.now,
        "request_id": work.request_id,
        "attempt": handed.attempt + 1,
        "last_attempt": handed.attempt + 1,
    }
    _insert(work, row)


def is_pending(work: "Work", key: str) -> bool:
    """Whether a job with that key waits."""
    asked = {"business": work.business_id, "which": key}
    return work.session.connection().execute(_IS_THERE, asked).first() is not None


def cancel(work: "Work", key: str) -> None:
    """Forget the pending job with that key."""
    work.session.connection().execute(_DELETE, {"business": work.business_id, "which": key})
