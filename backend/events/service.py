"""The audit: looking through the log, and proving it whole."""

from typing import Any

from backend.core import cursor as cursors
from backend.core.wire import Page
from backend.events import log
from backend.events.chain import GENESIS, first_broken
from backend.events.event import REGISTRY
from backend.events.feed import RANKS, rank_of
from backend.events.schemas import AuditActor, AuditEntry, AuditSubject, AuditVerdict
from backend.unit import Units
from backend.work import Work

_VERIFIED_AT_ONCE = 1_000


def list_audit(
    work: Work,
    subject: str | None,
    actor: str | None,
    type: str | None,
    incidence: str | None,
    limit: int,
    cursor: str | None,
) -> Page[AuditEntry]:
    """A page of events, newest first, without those that only a higher role may see. Invalid for a foreign cursor."""
    before = cursors.seq_of(cursor)
    seen = [name for name, event in REGISTRY.items() if RANKS[event.audience] <= rank_of(work.actor.role)]
    filters = {"subject_id": subject, "actor_id": actor, "type": type, "incidence_id": incidence}
    rows = log.latest(work.session, work.business_id, seen=seen, before=before, limit=limit + 1, **filters)
    following = cursors.encode([rows[limit - 1].seq]) if len(rows) > limit else None
    return Page(items=[_entry(row) for row in rows[:limit]], next_cursor=following)


def _entry(row: Any) -> AuditEntry:
    body = row.body or {}
    return AuditEntry(
        seq=row.seq,
        id=row.id,
        type=row.type,
        subject=AuditSubject(type=row.type.partition(".")[0], id=row.subject_id),
        incidence_id=row.incidence_id,
        customer_id=row.customer_id,
        actor=AuditActor(kind=row.actor_kind, id=row.actor_id, name=body.get("actorName", "")),
        at=row.occurred_at,
        recorded_at=row.recorded_at,
        request_id=row.request_id,
        data=body.get("data"),
        hash=row.hash,
    )


async def verify(units: Units) -> AuditVerdict:
    """Walk the business's chain from its first event, a page at a time, up to the first that does not fit."""
    hash, seq = GENESIS, 0
    emptied: dict[str | None, int] = {}
    while True:
        rows = await units.read(_page_after, seq)
        if broken := first_broken(rows, hash, seq + 1):
            return AuditVerdict(is_whole=False, events=broken[0] - 1, first_broken=broken[0], reason=broken[1])
        _note_emptied(rows, emptied)
        if rows:
            hash, seq = rows[-1].hash, rows[-1].seq
        if len(rows) < _VERIFIED_AT_ONCE:
            break
    if emptied:
        first = min(emptied.values())
        reason = "its words are gone, but no customer of it was erased"
        return AuditVerdict(is_whole=False, events=first - 1, first_broken=first, reason=reason)
    return AuditVerdict(is_whole=True, events=seq)


def _note_emptied(rows: Any, emptied: dict[str | None, int]) -> None:
    """Keep in `emptied` the first seq without words of each customer who has not been erased after it."""
    for row in rows:
        event = REGISTRY.get(row.type)
        if event is not None and event.erases:
            emptied.pop(row.customer_id, None)
        elif row.body is None and row.state is None:
            emptied.setdefault(row.customer_id, row.seq)


def _page_after(work: Work, seq: int) -> Any:
    return log.after(work.session, work.business_id, seq, _VERIFIED_AT_ONCE)
