"""The queue: its pages and its counts."""

from sqlalchemy import ColumnElement

from backend.core import cursor as cursors
from backend.core.text import clean_line
from backend.events import log
from backend.identity.service import currency_of
from backend.incidences import repository
from backend.incidences.filter import conditions
from backend.incidences.repository import CASES
from backend.incidences.schemas import Sort, Status, View
from backend.incidences.service import State
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
    wanted = wanted_of(work, view=view, status=status, assignee=assignee, q=q)
    rows, after = repository.page(work.session, work.business_id, wanted, sort, cursors.decode(cursor), limit)
    items = [repository.state_of_row(row, currency) for row in rows]
    return {"items": items, "nextCursor": cursors.encode(after), "asOf": as_of}


def wanted_of(
    work: Work, *, view: View | None, status: Status | None, assignee: str | None, q: str | None
) -> list[ColumnElement[bool]]:
    """What a query of the queue asks for, as conditions that must all hold."""
    wanted: list[ColumnElement[bool]] = []
    if view is not None:
        wanted.append(repository.view_of(view, work.actor.id, work.now))
    if status is not None:
        wanted.append(CASES.status == status)
    if assignee is not None:
        wanted.append(_assigned_to(work, assignee))
    return wanted + conditions(clean_line(q or ""), work.actor.id, currency_of(work), work.now)


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
