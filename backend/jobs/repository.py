"""Lists of jobs: what waits is in the app's database, what ran is in the job library's records."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from backend.core.clock import instant
from backend.core.errors import Invalid
from backend.core.rows import from_micros, table_of
from backend.jobs.engine import POISONED, Engine, JobRetried, user_of
from backend.jobs.handed import Handed
from backend.jobs.models import DeadLetter, PendingJob
from backend.jobs.schemas import JobRead, JobStatus

if TYPE_CHECKING:
    from dbos import WorkflowStatus

# On the tables, not the classes: jobs of the whole installation belong to no business, and every business sees them.
PENDING = table_of(PendingJob)
LETTERS = table_of(DeadLetter)
_RECORDED: dict[str, JobStatus] = {
    "ENQUEUED": "running",
    "PENDING": "running",
    "SUCCESS": "succeeded",
    "ERROR": "failed",
    POISONED: "failed",
    "CANCELLED": "cancelled",
}


_BATCH = 200


@dataclass(frozen=True)
class Cursor:
    """Where a page ends: after a waiting row (`due_at`, `id`), or after a record (`created_ms`, `id`)."""

    due_at: datetime | None = None
    created_ms: int | None = None
    id: str = ""

    def __str__(self) -> str:
        if self.due_at is not None:
            return f"w|{instant(self.due_at)}|{self.id}"
        return f"r|{self.created_ms}|{self.id}"

    @classmethod
    def parse(cls, text: str | None) -> "Cursor":
        """The inverse of `str`; Invalid when it is none of ours."""
        if text is None:
            return cls()
        try:
            kind, first, id = text.split("|", 2)
            if kind == "w":
                return cls(due_at=datetime.fromisoformat(first).astimezone(UTC), id=id)
            from_micros(int(first) * 1000)
            return cls(created_ms=int(first), id=id)
        except (ValueError, OverflowError, OSError) as error:
            raise Invalid("cursor: not one that a list gave", field="cursor") from error


def waiting(session: Session, business_id: str, after: Cursor, status: JobStatus | None, limit: int) -> list[JobRead]:
    """Jobs that wait for their instant or a slot, the next one first."""
    query = select(PENDING).where(PENDING.c.business_id.in_(("", business_id)))
    if status is not None:
        query = query.where(PENDING.c.error.is_not(None) if status == "retrying" else PENDING.c.error.is_(None))
    if after.due_at is not None:
        query = query.where(tuple_(PENDING.c.due_at, PENDING.c.id) > (after.due_at, after.id))
    rows = session.execute(query.order_by(PENDING.c.due_at, PENDING.c.id).limit(limit)).all()
    return [
        JobRead(
            id=row.id,
            name=row.job,
            status="waiting" if row.error is None else "retrying",
            attempts=row.attempt - 1,
            created_at=None,
            updated_at=None,
            due_at=row.due_at,
            error=row.error,
            args=row.args,
            is_of_installation=not row.business_id,
        )
        for row in rows
    ]


async def recorded(
    engine: Engine, business_id: str, after: Cursor, status: JobStatus | None, limit: int
) -> tuple[list[JobRead], Cursor | None]:
    """Jobs that run or ran, the newest first, and the next page's cursor. Attempts that were tried again are left out.

    The library orders by `created_at` alone, which on SQLite is in whole seconds: within one, the id decides.
    """
    filters: dict[str, Any] = {"user": [user_of(business_id), user_of("")], "sort_desc": True, "limit": _BATCH}
    filters["status"] = [name for name, wire in _RECORDED.items() if status in (None, wire)]
    if after.created_ms is not None:  # half a millisecond more, against rounding
        filters["end_time"] = from_micros(after.created_ms * 1000 + 500).isoformat()
    records: dict[str, WorkflowStatus] = {}
    seen = 0
    while True:
        batch = await engine.records(**filters, offset=seen)
        seen += len(batch)
        records |= {record.workflow_id: record for record in batch}
        is_last = len(batch) < _BATCH
        # The oldest instant of a full batch may go on in the next one.
        whole = [
            record for record in records.values() if is_last or _order(record) > (batch[-1].created_at or 0, "\x7f")
        ]
        older = [
            record for record in whole if after.created_ms is None or _order(record) < (after.created_ms, after.id)
        ]
        shown = sorted((record for record in older if not was_retried(record)), key=_order, reverse=True)
        if is_last or len(shown) >= limit:
            break
    page = shown[:limit]
    if is_last and len(shown) <= limit:
        return [read(record) for record in page], None
    return [read(record) for record in page], Cursor(created_ms=page[-1].created_at, id=page[-1].workflow_id)


def _order(record: "WorkflowStatus") -> tuple[int, str]:
    return record.created_at or 0, record.workflow_id


async def one(engine: Engine, business_id: str, id: str) -> "WorkflowStatus | None":
    """The record of a job that runs or ran, if the business may see it."""
    records = await engine.records(workflow_ids=[id], user=[user_of(business_id), user_of("")])
    return records[0] if records else None


def read(record: "WorkflowStatus") -> JobRead:
    """A record as the wire tells it."""
    handed = handed_of(record)
    return JobRead(
        id=record.workflow_id,
        name=handed.job,
        status=_RECORDED[record.status],
        attempts=handed.attempt,
        created_at=_instant(record.created_at),
        updated_at=_instant(record.updated_at),
        due_at=None,
        error=None if record.error is None else str(record.error),
        args=handed.args,
        is_of_installation=not handed.business_id,
    )


def was_retried(record: "WorkflowStatus") -> bool:
    """Whether the job failed and came back as its next attempt."""
    return isinstance(record.error, JobRetried)


def handed_of(record: "WorkflowStatus") -> Handed:
    """What the record's workflow was given."""
    assert record.input is not None
    value: dict[str, Any] = record.input["args"][0]
    return Handed(**value)


def _instant(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else from_micros(milliseconds * 1000)


def dead_letters(session: Session, business_id: str, after: str | None, limit: int) -> list[Any]:
    """Dead letters, the newest first, older than the one whose id is `after`."""
    query = select(LETTERS).where(LETTERS.c.business_id.in_(("", business_id)))
    if after is not None:
        query = query.where(LETTERS.c.id < after)
    return list(session.execute(query.order_by(LETTERS.c.id.desc()).limit(limit)).all())
