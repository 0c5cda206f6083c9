"""Reading another system's records: what changed since the last reading, page by page. The place is kept, so a kill costs a
page at most; and applying a record again changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Text, cast, or_, select

from backend.core.outside import Outside, Refused, Throttled, Trouble, Unclear
from backend.core.sealing import Vault
from backend.core.wire import Page
from backend.customers.erasure import also_erases
from backend.customers.models import Customer
from backend.integrations import connections, repository
from backend.integrations.accounts import Door
from backend.integrations.applying import Applied, apply
from backend.integrations.kinds import BY_NAME
from backend.integrations.mapping import RecordMap, meant
from backend.integrations.models import Integration, SyncRun
from backend.integrations.schemas import SyncRunRead
from backend.integrations.source import Batch, Source
from backend.integrations.sources import MAPPINGS, mapping_of, open_source
from backend.jobs.outbox import is_pending
from backend.jobs.registry import JobContext
from backend.work import Work

PAGES_AT_ONCE = 50
"""After so many pages a job ends, and the next one goes on."""
MOST_PROBLEMS = 50
"""Rows of a reading of which it is kept what was refused; the others are counted."""
AGAIN = (30.0, 900.0)
"""Seconds until the next try after trouble that may pass, doubling, and the most."""
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Place:
    """Where a reading is."""

    run_id: str
    platform: str
    door: Door
    mapping: RecordMap
    swept_until: datetime | None
    cursor: str | None


async def sync(ctx: JobContext, integration_id: str) -> None:
    """Read everything that changed at one connection since its last reading."""
    outside: Outside = ctx.runtime.outside
    for _ in range(PAGES_AT_ONCE):
        place: Place | None = await ctx.write(_begin, integration_id, ctx.runtime.vault)
        if place is None:
            return
        source = open_source(place.door, place.mapping, outside)
        try:
            batch = await _read(source, place, outside.clock.now())
        except Trouble as trouble:
            await ctx.write(_trouble, integration_id, place, trouble)
            return
        done = [await _applied(ctx, place, integration_id, record) for record in batch.records]
        if not await ctx.write(_onwards, integration_id, place, batch.cursor, done):
            return
    await ctx.write(_go_on, integration_id, None)


async def _read(source: Source, place: Place, now: datetime) -> Batch:
    """A page. Trouble when there is none, or when what was answered is no such thing."""
    try:
        return await source.read(_since(place, source, now), place.cursor, now)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Unclear(
            f"{BY_NAME[place.platform].title} answered what cannot be read ({type(error).__name__})"
        ) from error


async def _applied(
    ctx: JobContext, place: Place, integration_id: str, record: Mapping[str, Any]
) -> tuple[str, Applied]:
    found = meant(place.mapping, record)
    return found.name, await ctx.write(apply, place.platform, integration_id, place.mapping, found)


def _since(place: Place, source: Source, now: datetime) -> datetime:
    if place.swept_until is not None:
        return place.swept_until - timedelta(minutes=source.overlap_minutes)
    return _EVER if source.first_days is None else now - timedelta(days=source.first_days)


def _begin(work: Work, integration_id: str, vault: Vault) -> Place | None:
    """Where the reading under way is, or a new one; None when nothing can be read now."""
    row = work.session.get(Integration, integration_id, with_for_update=True)
    if row is None or row.business_id != work.business_id or row.stopped_at is not None:
        return None
    if row.paused_until is not None and row.paused_until > work.now:
        _go_on(work, integration_id, row.paused_until)
        return None
    door = connections.door_of(row, row.platform, vault)
    if isinstance(door, str):
        connections.note_error(work, row, door)
        return None
    run = _open_run(work, integration_id)
    if run is None:
        run = work.add(SyncRun(integration_id=integration_id, began_at=work.now))
    mapping = mapping_of(row.platform, row.config)
    return Place(run.id, row.platform, door, mapping, row.swept_until, row.sweep_cursor)


def _open_run(work: Work, integration_id: str) -> SyncRun | None:
    mine = (SyncRun.business_id == work.business_id, SyncRun.integration_id == integration_id)
    return work.session.scalars(
        select(SyncRun).where(*mine, SyncRun.ended_at.is_(None)).order_by(SyncRun.id).with_for_update()
    ).first()


def _onwards(
    work: Work, integration_id: str, place: Place, cursor: str | None, done: Sequence[tuple[str, Applied]]
) -> bool:
    """A page was applied: keep the place, or the end. False when it is over, or another job is faster."""
    row = work.session.get(Integration, integration_id, with_for_update=True)
    run = work.session.get(SyncRun, place.run_id)
    if row is None or run is None or _is_overtaken(row, run, place):
        return False
    row.answered_at, row.error, row.failures, row.paused_until = work.now, None, 0, None
    row.sweep_cursor, run.error = cursor, None
    run.read += len(done)
    run.changed += sum(applied.is_changed for _, applied in done)
    refused = [(name, applied.problems) for name, applied in done if applied.problems]
    run.refused += len(refused)
    room = MOST_PROBLEMS - len(run.problems)
    run.problems = [*run.problems, *({"record": name, "reason": "; ".join(why)} for name, why in refused[:room])]
    if cursor is not None:
        return True
    row.swept_until, row.swept_at, run.ended_at = run.began_at, work.now, work.now
    return False


def _is_overtaken(row: Integration, run: SyncRun, place: Place) -> bool:
    """Whether another job has gone on from that place."""
    return run.ended_at is not None or (row.sweep_cursor, row.swept_until) != (place.cursor, place.swept_until)


def _trouble(work: Work, integration_id: str, place: Place, trouble: Trouble) -> None:
    """It went on up to its place, and not further. What may pass is tried again soon; anything is with the next reading.
    Trouble of a job that another one overtook is nobody's."""
    row = work.session.get(Integration, integration_id, with_for_update=True)
    run = work.session.get(SyncRun, place.run_id)
    if row is None or run is None or _is_overtaken(row, run, place):
        return
    run.error = trouble.brief
    connections.note_error(work, row, trouble.brief)
    if isinstance(trouble, Refused):
        # A cursor may be what it refuses: the next reading begins where this one did.
        row.sweep_cursor, run.ended_at = None, work.now
        return
    row.failures += 1
    first, most = AGAIN
    seconds = min(first * 2.0 ** min(row.failures - 1, 20), most)
    if isinstance(trouble, Throttled):
        seconds = trouble.seconds
        row.paused_until = work.now + timedelta(seconds=seconds)
    _go_on(work, integration_id, work.now + timedelta(seconds=seconds))


def _go_on(work: Work, integration_id: str, at: datetime | None) -> None:
    work.enqueue(
        "integrations.sweep_integration",
        at=at,
        key=repository.job_key("sweep", integration_id),
        integration_id=integration_id,
    )


def read_soon(work: Work, integration_id: str, seconds: float) -> None:
    """Something changed there: read it in so many seconds, however many say so until then."""
    key, at = repository.job_key("nudge", integration_id), work.now + timedelta(seconds=seconds)
    if not is_pending(work, key):  # or a storm of webhooks would put it off for ever
        work.enqueue("integrations.sweep_integration", at=at, key=key, is_first=True, integration_id=integration_id)


def is_read(work: Work, integration_id: str) -> bool:
    """Whether it is a connection whose records are read; the others are conversations."""
    row = work.session.get(Integration, integration_id)
    return row is not None and row.platform in MAPPINGS


@also_erases
def forget_customer(work: Work, customer: Customer, known_as: Sequence[str]) -> None:
    """Nothing is kept of what was refused of the customer's records."""
    names = set(known_as)
    holds = or_(*(cast(SyncRun.problems, Text).contains(name, autoescape=True) for name in names))
    for run in work.session.scalars(select(SyncRun).where(SyncRun.business_id == work.business_id, holds)):
        run.problems = [one for one in run.problems if one["record"] not in names]


def list_runs(work: Work, integration_id: str, *, limit: int) -> Page[SyncRunRead]:
    """The readings of a connection, the newest first."""
    work.get(Integration, integration_id, "integration")
    mine = (SyncRun.business_id == work.business_id, SyncRun.integration_id == integration_id)
    query = select(SyncRun).where(*mine).order_by(SyncRun.began_at.desc(), SyncRun.id.desc()).limit(limit)
    return Page(items=[SyncRunRead.model_validate(row) for row in work.session.scalars(query)])
