"""The next case that is best for an agent."""

from sqlalchemy import select

from backend.incidences import events, repository
from backend.incidences.models import Incidence
from backend.incidences.service import State, record, require_staff
from backend.work import Work


def claim_next(work: Work) -> State:
    """Claim the case that should be next for the caller, and say why it is; none when nothing waits.

    The choice and the claim are one transaction, so two agents never get the same case.
    """
    me = require_staff(work)
    waiting = repository.view_of("unassigned", me, work.now)
    order = [key.desc() if descending else key.asc() for key, descending in repository.SORTS["queue"]]
    query = select(Incidence).where(waiting, Incidence.waiting_since.is_not(None)).order_by(*order).limit(1)
    row = work.session.scalars(query.with_for_update(skip_locked=True)).first()
    if row is None:
        return {"incidence": None, "reasons": ["Nothing waits for an agent."]}
    row.agent_id = me
    reasons = _why(work, row)
    state = record(work, row, events.IncidenceTaken, {"agentId": [None, me], "reasons": reasons})
    return {"incidence": state, "reasons": reasons}


def _why(work: Work, row: Incidence) -> list[str]:
    since = row.waiting_since or row.created_at
    minutes = int((work.now - since).total_seconds() // 60)
    reasons = [
        f"priority {row.priority}: {row.routing.get('text', '')}",
        f"waiting for {minutes} min, the longest of these",
    ]
    if row.friction_score is not None and row.friction_score > repository.HIGH_FRICTION:
        reasons.append(f"friction {row.friction_score}")
    return reasons
