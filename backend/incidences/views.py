"""Saved views: filters of the queue that a member keeps under names, on every machine. Nobody else sees them."""

from sqlalchemy import func, select

from backend.core.clock import instant
from backend.core.databases import insert_into
from backend.core.errors import NotFound, Unprocessable
from backend.core.ids import new_id
from backend.incidences import events
from backend.incidences.models import SavedView
from backend.incidences.service import State, require_staff
from backend.incidences.view_schemas import ViewKeep
from backend.work import Work

MOST = 50
"""Views of one member."""


def list_views(work: Work) -> State:
    """One's own, in the order in which they were first kept."""
    query = select(SavedView).where(SavedView.member_id == require_staff(work)).order_by(SavedView.id)
    return {"items": [_read(view) for view in work.session.scalars(query)]}


def keep(work: Work, body: ViewKeep) -> State:
    """Keep a filter under a name; one that is there under it becomes this. Unprocessable when there are too many."""
    me = require_staff(work)
    mine = (SavedView.business_id == work.business_id) & (SavedView.member_id == me)
    named = mine & (SavedView.name == body.name)
    if work.session.scalar(select(SavedView.id).where(named)) is None:
        count = work.session.scalar(select(func.count()).select_from(SavedView).where(mine)) or 0
        if count >= MOST:
            raise Unprocessable(f"There are {count} saved views. Drop one first.", code="TOO_MANY_VIEWS", most=MOST)
    row = {"id": new_id(), "business_id": work.business_id, "member_id": me, "name": body.name}
    kept = {"filter": body.filter, "updated_at": work.now}
    # Two machines may keep the same name at once: the index decides, and the later one's filter stays.
    statement = insert_into(SavedView, work.session).values(**row, **kept)
    work.session.execute(
        statement.on_conflict_do_update(index_elements=["business_id", "member_id", "name"], set_=kept)
    )
    view = work.session.scalars(select(SavedView).where(named).execution_options(populate_existing=True)).one()
    work.emit(events.ViewKept(subject_id=view.id, data={"memberIds": [me]}))
    return _read(view)


def drop(work: Work, id: str) -> None:
    """Take one's own away; NotFound when there is none."""
    me, view = require_staff(work), work.session.get(SavedView, id)
    if view is None or (view.business_id, view.member_id) != (work.business_id, me):
        raise NotFound(f"There is no view {id!r} of yours.", id=id)
    work.session.delete(view)
    work.emit(events.ViewDropped(subject_id=id, data={"memberIds": [me]}))


def _read(view: SavedView) -> State:
    """ViewRead data."""
    return {"viewId": view.id, "name": view.name, "filter": view.filter, "updatedAt": instant(view.updated_at)}
