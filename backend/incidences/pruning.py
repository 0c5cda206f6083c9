"""What incidences forget in time."""

from datetime import datetime

from sqlalchemy import select

from backend.core.pruning import Step, again, forgets, prune
from backend.incidences.models import Bulk, BulkRow
from backend.work import Work


@forgets("bulkRows", "What became of each case of a verb on many")
def forget_rows(work: Work, before: datetime, place: str) -> Step:
    """Delete rows of one verb on many that is done. The verb itself stays."""
    own = (Bulk.business_id == work.business_id) & (Bulk.finished_at < before)
    over = select(BulkRow.bulk_id).join(Bulk, Bulk.id == BulkRow.bulk_id).where(own, Bulk.state.in_(("DONE", "UNDONE")))
    bulk_id = work.session.scalar(over.limit(1))
    if bulk_id is None:
        return 0, None
    mine = (BulkRow.business_id == work.business_id, BulkRow.bulk_id == bulk_id)
    return again(prune(work.session, BulkRow.place, *mine))
