"""The queue: its pages, its counts, and the next case that is best for an agent."""

from sqlalchemy import ColumnElement, select

from backend.core import cursor as cursors
from backend.core.text import clean_line
from backend.events import log
from backend.identity.service import currency_of
from backend.incidences import events, repository
from backend.incidences.filter import conditions
from backend.incidences.models import Incidence
from backend.incidences.repository import CASES
from backend.incidences.schemas import Sort, Status, View
from backend.incidences.service import State, record, require_staff
from backend.work import Work

NOBODY = "none"
ME = "me"


def list_incidences(
    work: Work,
    *,
    view: View | None = None,
    status: Status | None = None,
    assignee: str | None = None,
    q: str | None = None,
    sort: Sort = "queue",
    limit: int = 50,
    cursor: str | None = None,
) -> State:
    """One page of the queue with the seq to follow from. The seq is read first: what comes between is told twice."""
    as_of = log.head_of(work.session, work.business_id)
    currency = currency_of(work)
    wanted: list[ColumnElement[bool]] = []
    if view is not None:
        wanted.append(repository.view_of(view, work.actor.id, work.now))
    if status is not None:
        wanted.append(CASES.status == status)
    if assignee is not None:
        wanted.append(_assigned_to(work, assignee))
    wanted += conditions(clean_line(q or ""), work.actor.id, currency)
    rows, after = repository.page(work.session, work.business_id, wanted, sort, cursors.decode(cursor), limit)
    items = [repository.state_of_row(row, currency) for row in rows]
    return {"items": items, "nextCursor": cursors.encode(after), "asOf": as_of}


def _assigned_to(work: Work, assignee: str) -> ColumnElement[bool]:
    if assignee == NOBODY:
        return CASES.agent_id.is_(None)
    return CASES.agent_id == (work.actor.id if assignee == ME else assignee)


def counts(work: Work) -> dict[str, int]:
    """How many cases each view holds for the caller."""
    return repository.counts(work.session, work.business_id, work.actor.id, work.now)


def of_customer(work: Work, customer_id: str) -> State:
    """A customer's cases, newest first."""
    return _whole(work, CASES.customer_id == customer_id)


def of_order(work: Work, order_id: str) -> State:
    """The cases tied to an order, newest first."""
    return _whole(work, CASES.order_id == order_id)


def _whole(work: Work, condition: ColumnElement[bool]) -> State:
    as_of = log.head_of(work.session, work.business_id)
    items = repository.of(work.session, work.business_id, condition, currency_of(work))
    return {"items": items, "nextCursor": None, "asOf": as_of}


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
