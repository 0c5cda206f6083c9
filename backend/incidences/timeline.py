"""What happened to a case, in pages."""

from typing import Any

from backend.core import cursor as cursors
from backend.events import log
from backend.events.feed import frame_of
from backend.incidences import linking
from backend.incidences.service import MESSAGE_TYPES, State, incidence_of
from backend.work import Work


def page(work: Work, id: str, *, before: int | None, limit: int, messages_only: bool = False) -> State:
    """The newest `limit` entries with seq < `before`, oldest first; the cursor leads to older ones."""
    as_of = log.head_of(work.session, work.business_id)
    row = incidence_of(work, id)
    only = log.EVENTS.type.in_(MESSAGE_TYPES) if messages_only else None
    entries = log.of_incidence(
        work.session, work.business_id, row.id, before, limit + 1, only, merged=linking.merged_ids(row)
    )
    older: Any = entries[-limit].seq if len(entries) > limit else None
    items = [frame_of(entry) for entry in entries[-limit:]]
    return {"items": items, "nextCursor": None if older is None else cursors.encode([older]), "asOf": as_of}
