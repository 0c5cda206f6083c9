"""Links: a case relates to another, is its duplicate, or continues it. Links can be taken off again."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, or_, select

from backend.core.clock import instant
from backend.core.errors import Conflict, NotFound, Unprocessable
from backend.core.rows import table_of
from backend.incidences import events, repository
from backend.incidences.link_schemas import LinkMake
from backend.incidences.models import Incidence, IncidenceLink
from backend.incidences.service import State, incidence_of, record, require_staff
from backend.work import Work

_COLUMNS = table_of(IncidenceLink).c
_LINKS = (
    select(_COLUMNS.id)
    .where(_COLUMNS.business_id == bindparam("business"), _COLUMNS.ended_at.is_(None))
    .where(or_(_COLUMNS.from_id == bindparam("incidence"), _COLUMNS.to_id == bindparam("incidence")))
    .order_by(_COLUMNS.id.desc())
    .limit(100)
)

CONTINUES, MERGED = "CONTINUES", "MERGED_INTO"


def link(work: Work, id: str, body: LinkMake) -> State:
    """Link a case to another, and answer the link as the first one has it. Conflict when they are linked so already."""
    me = require_staff(work)
    one, other = both(work, id, body.to)
    if known := _between(work, one, other, body.kind):
        raise Conflict(
            f"INC-{one.number} and INC-{other.number} are linked so already.", code="ALREADY_LINKED", linkId=known.id
        )
    made = make(work, one, other, body.kind, made_by=me, reason=body.reason)
    said = {"linkId": made.id, "kind": body.kind} | ({"reason": body.reason} if body.reason else {})
    record(work, one, events.IncidenceLinked, said | {"to": ref_of(other)})
    record(work, other, events.IncidenceLinked, said | {"from": ref_of(one)})
    return _read(made, one, other)


def unlink(work: Work, id: str, link_id: str) -> None:
    """Take a link off. A merge is undone, not unlinked."""
    me = require_staff(work)
    row = incidence_of(work, id)
    found = work.session.get(IncidenceLink, link_id)
    if found is None or found.ended_at is not None or row.id not in (found.from_id, found.to_id):
        raise NotFound(f"INC-{row.number} has no link {link_id!r}.", id=link_id)
    if found.kind == MERGED:
        raise Unprocessable("These cases are merged: undo the merge instead.", code="IS_A_MERGE")
    one, other = both(work, found.from_id, found.to_id)
    work.session.refresh(found)
    if found.ended_at is not None:
        raise NotFound(f"INC-{row.number} has no link {link_id!r}.", id=link_id)
    found.ended_at, found.ended_by = work.now, me
    said = {"linkId": found.id, "kind": found.kind}
    record(work, one, events.IncidenceUnlinked, said | {"to": ref_of(other)})
    record(work, other, events.IncidenceUnlinked, said | {"from": ref_of(one)})


def of(work: Work, id: str) -> State:
    """The links of a case, the newest first, as Links data."""
    return {"items": links_of(work, incidence_of(work, id))}


def links_of(work: Work, row: Incidence) -> list[State]:
    """The links of a case, the newest first, each as LinkRead data."""
    ids = work.session.connection().scalars(_LINKS, {"business": work.business_id, "incidence": row.id}).all()
    if not ids:  # as nearly always: nothing to load then
        return []
    found = [work.session.get_one(IncidenceLink, id) for id in ids]
    others = [one.to_id if one.from_id == row.id else one.from_id for one in found]
    rows = {other.id: other for other in work.session.scalars(select(Incidence).where(Incidence.id.in_(others)))}
    return [_read(one, row, rows[other]) for one, other in zip(found, others, strict=True)]


def both(work: Work, one: str, other: str) -> tuple[Incidence, Incidence]:
    """Two cases by id or ref, which nobody else changes until the end. They are locked in one order, whoever asks."""
    ids = [repository.id_of(work.session, work.business_id, wanted) for wanted in (one, other)]
    for wanted, id in zip((one, other), ids, strict=True):
        if id is None:
            raise NotFound(f"There is no incidence {wanted!r} here.", id=wanted)
    if ids[0] == ids[1]:
        raise Unprocessable("That is the very same case.", code="SAME_INCIDENCE")
    rows = {id: incidence_of(work, id, to_change=True) for id in sorted(map(str, ids))}
    return rows[str(ids[0])], rows[str(ids[1])]


def make(
    work: Work, one: Incidence, other: Incidence, kind: str, *, made_by: str | None = None, reason: str | None = None
) -> IncidenceLink:
    """Write a link down; the caller records what happened."""
    return work.add(
        IncidenceLink(kind=kind, from_id=one.id, to_id=other.id, made_by=made_by, made_at=work.now, reason=reason)
    )


def ref_of(row: Incidence) -> dict[str, str]:
    """A case as others name it."""
    return {"incidenceId": row.id, "ref": f"INC-{row.number}"}


def merged_ids(row: Any) -> Sequence[str]:
    """The ids of the cases whose stories are part of a case's."""
    return [one["incidenceId"] for one in row.merged_from]


def _between(work: Work, one: Incidence, other: Incidence, kind: str) -> IncidenceLink | None:
    ways = [(one.id, other.id)] + ([(other.id, one.id)] if kind == "RELATES_TO" else [])
    here = or_(*((IncidenceLink.from_id == a) & (IncidenceLink.to_id == b) for a, b in ways))
    query = select(IncidenceLink).where(here, IncidenceLink.kind == kind, IncidenceLink.ended_at.is_(None))
    return work.session.scalars(query).first()


def _read(link: IncidenceLink, row: Incidence, other: Incidence) -> State:
    return {
        "linkId": link.id,
        "kind": link.kind,
        "isOutgoing": link.from_id == row.id,
        **ref_of(other),
        "summary": other.summary,
        "status": other.status,
        "outcome": other.outcome,
        "reason": link.reason,
        "madeBy": link.made_by,
        "madeAt": instant(link.made_at),
    }
