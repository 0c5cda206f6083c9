"""Watching: members who want to hear of a case that is not theirs. Whoever is named in a note watches from then on."""

from collections.abc import Iterable

from sqlalchemy import select

from backend.identity.models import Member
from backend.incidences import events
from backend.incidences.models import Incidence
from backend.incidences.service import State, incidence_of, record, require_staff, shown
from backend.work import Work


def watch(work: Work, id: str) -> State:
    """Watch a case; watching it again changes nothing."""
    require_staff(work)
    return set_watching(work, incidence_of(work, id, to_change=True), True)


def unwatch(work: Work, id: str) -> State:
    """Watch it no more."""
    require_staff(work)
    return set_watching(work, incidence_of(work, id, to_change=True), False)


def set_watching(work: Work, row: Incidence, watches: bool, **more: object) -> State:
    """Have the actor watch a case that nobody else changes, or not; `more` is told with the event."""
    before, me = row.watcher_ids, str(work.actor.id)
    if (me in before) == watches:
        return shown(work, row)
    row.watcher_ids = [*before, me] if watches else [one for one in before if one != me]
    said = {"added": [me] if watches else [], "removed": [] if watches else [me]}
    return record(work, row, events.WatchersChanged, said | more)


def add(row: Incidence, member_ids: Iterable[str]) -> list[str]:
    """Have members watch from now on, and answer who did not before; the caller records what happened."""
    new = [one for one in dict.fromkeys(member_ids) if one not in row.watcher_ids]
    if new:
        row.watcher_ids = [*row.watcher_ids, *new]
    return new


def watchers_of(work: Work, incidence_id: str) -> list[str]:
    """The ids of the members who watch a case and still work here: whom to tell what happens in it."""
    row = incidence_of(work, incidence_id)
    here = Member.id.in_(row.watcher_ids) & Member.removed_at.is_(None)
    present = set(work.session.scalars(select(Member.id).where(here)))
    return [one for one in row.watcher_ids if one in present]
