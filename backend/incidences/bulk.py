"""A verb on many cases: counted and tried first, done in short transactions that survive a kill, undone as a whole.

Which cases it is about is settled when it begins, with their versions. A case that is another by the time its turn
comes is left alone, and its row says who changed it; so is one that was changed again when the whole is undone.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, insert, select

from backend.core import cursor as cursors
from backend.core.clock import instant
from backend.core.errors import Conflict, Denied, Failure, Forbidden, Invalid, NotFound, Unprocessable
from backend.core.rows import table_of
from backend.events import log
from backend.events.event import Actor
from backend.identity.models import Member, User
from backend.identity.permissions import ROLES
from backend.incidences import bulk_verbs, events, queue, repository, restoring
from backend.incidences.bulk_schemas import BulkArgs, BulkStart
from backend.incidences.bulk_verbs import Refusal, refusal
from backend.incidences.models import Bulk, BulkRow, Incidence
from backend.incidences.repository import CASES
from backend.incidences.service import State, record, require_staff
from backend.rules import service as rules
from backend.work import Work

KIND = "casework"
SAMPLE = 200
CHANGED = "CHANGED_MEANWHILE"


def start(work: Work, body: BulkStart) -> State:
    """Try it (BulkPreview), or begin it (BulkRead): the first cases are done at once, the others by a job.

    Conflict when there are not as many as expected; Unprocessable when there are more than the rules allow.
    """
    me, args = require_staff(work), body.args.model_dump()
    _check(work, body)
    settings = rules.current(work, KIND).settings
    found = _chosen(work, body, settings["bulkAtMost"])
    if body.dry_run:
        return _preview(work, body, found, args, me)
    if body.expected_count is not None and body.expected_count != len(found):
        raise Conflict(
            f"There were {body.expected_count} when you looked, there are {len(found)} now. Look again.",
            code="COUNT_CHANGED",
            expected=body.expected_count,
            count=len(found),
        )
    if not found:
        raise Unprocessable("No case fits, so nothing was done.", code="NOTHING_FITS")
    bulk = work.add(
        Bulk(
            verb=body.verb,
            args=body.args.model_dump(mode="json", exclude_unset=True),
            chosen=_kept(body),
            member_id=me,
            total=len(found),
            done=0,
            skipped=0,
            undone=0,
            kept=0,
            created_at=work.now,
        )
    )
    shown = {target.incidence_id: target.version for target in body.ids or ()}
    rows = [
        {
            "business_id": work.business_id,
            "bulk_id": bulk.id,
            "place": place,
            "incidence_id": one.id,
            "number": one.number,
            "version": shown.get(one.id) or shown.get(f"INC-{one.number}") or one.version,
            "state": "PENDING",
        }
        for place, one in enumerate(found)
    ]
    work.session.connection().execute(insert(table_of(BulkRow)), rows)
    if advance(work, bulk.id):
        work.enqueue("incidences.run_bulk", bulk_id=bulk.id)
    return read_of(work, bulk)


def _check(work: Work, body: BulkStart) -> None:
    """What is wrong with the arguments is said at once, not for each case."""
    until, agent = body.args.snoozed_until, body.args.agent_id
    if body.verb == "snooze" and until is not None:
        if until.tzinfo is None:
            raise Invalid("snoozedUntil: say until when, with a time zone", field="snoozedUntil")
        if until <= work.now:
            raise Unprocessable("snoozedUntil lies in the past.", code="SNOOZE_IN_PAST", field="snoozedUntil")
    if agent is not None and _member(work, agent) is None:
        raise Unprocessable("There is no such member here to assign them to.", code="UNKNOWN_MEMBER", field="agentId")


def _chosen(work: Work, body: BulkStart, most: int) -> Sequence[Any]:
    if body.ids is not None:
        named = [target.incidence_id for target in body.ids]
        numbers = [int(ref[4:]) for one in named if (ref := one.upper()).startswith("INC-") and ref[4:].isdecimal() and len(ref) < 20]  # fmt: skip
        wanted: list[ColumnElement[bool]] = [CASES.id.in_(named) | CASES.number.in_(numbers)]
    else:
        wanted = queue.wanted_of(work, **_said(body, is_whole=True))
    found = repository.chosen(work.session, work.business_id, wanted, most + 1)
    if len(found) > most:
        raise Unprocessable(f"These are more than {most} cases; narrow the filter.", code="TOO_MANY", most=most)
    return found


def _said(body: BulkStart, *, is_whole: bool = False) -> dict[str, Any]:
    said = {name: getattr(body, name) for name in ("view", "status", "assignee", "q")}
    return said if is_whole else {name: value for name, value in said.items() if value is not None}


def _kept(body: BulkStart) -> dict[str, Any]:
    """What is kept of how they were chosen: not the words of a search, which may name a customer who is erased later."""
    if body.ids:
        return {"ids": len(body.ids)}
    said = _said(body)
    return {name: value for name, value in said.items() if name != "q"} | ({"isSearched": True} if "q" in said else {})


def _preview(work: Work, body: BulkStart, found: Sequence[Any], args: State, me: str) -> State:
    shown = {target.incidence_id: target.version for target in body.ids or ()}
    tried = []
    for one in found:
        seen = shown.get(one.id)
        why = refusal(one, one.agent_name, body.verb, args, me)
        if seen is not None and seen != one.version:
            why = Refusal(CHANGED, "it is another than the one on the screen")
        tried.append((one, why))
    return {
        "dryRun": True,
        "verb": body.verb,
        "count": len(found),
        "can": sum(why is None for _, why in tried),
        "cannot": _reasons(why for _, why in tried if why is not None),
        "rows": [
            {
                "incidenceId": one.id,
                "ref": f"INC-{one.number}",
                "summary": one.summary,
                "version": one.version,
                "can": why is None,
                "code": why.code if why else None,
                "why": why.why if why else None,
            }
            for one, why in tried[:SAMPLE]
        ],
        "asOf": log.head_of(work.session, work.business_id),
    }


def _reasons(refused: Iterable[Refusal | tuple[str, str]]) -> list[State]:
    tally = Counter((code, why) for code, why in refused)
    ranked = sorted(tally.items(), key=lambda one: (-one[1], one[0]))
    return [{"code": code, "why": why, "count": count} for (code, why), count in ranked]


# -- doing it


def advance(work: Work, bulk_id: str) -> bool:
    """Do the next cases, or undo them; whether any are left. Called again after a kill, it goes on where it was."""
    bulk = work.session.scalar(select(Bulk).where(Bulk.id == bulk_id).with_for_update())
    if bulk is None or bulk.state not in ("RUNNING", "UNDOING"):
        return False
    is_undoing = bulk.state == "UNDOING"
    at_once = rules.current(work, KIND).settings["bulkAtOnce"]
    query = select(BulkRow).where(BulkRow.bulk_id == bulk.id, BulkRow.state == ("DONE" if is_undoing else "PENDING"))
    rows = work.session.scalars(query.order_by(BulkRow.place).limit(at_once)).all()
    asker, is_here = _asker(work, bulk)
    # All are locked before the first event is written, in one order: who changes one of them waits, and nobody for ever.
    locked = select(Incidence).where(Incidence.id.in_([row.incidence_id for row in rows])).order_by(Incidence.id)
    cases = {case.id: case for case in work.session.scalars(locked.with_for_update(key_share=True).execution_options(populate_existing=True))}  # fmt: skip
    own, work.actor = work.actor, asker
    for row in rows:
        case = cases[row.incidence_id]
        if is_undoing:
            _undo_one(work, bulk, row, case)
        elif not is_here:
            _skip(bulk, row, Refusal("ASKER_GONE", "who asked for it is no member any more"))
        else:
            _do_one(work, bulk, row, case)
    work.actor = own
    left = bulk.done - bulk.undone - bulk.kept if is_undoing else bulk.total - bulk.done - bulk.skipped
    has_more = left > 0
    if not has_more:
        bulk.state = "UNDONE" if is_undoing else "DONE"
        bulk.finished_at, bulk.undone_at = (bulk.finished_at, work.now) if is_undoing else (work.now, None)
    work.session.flush()
    work.emit(events.BulkAdvanced(subject_id=bulk.id, state=read_of(work, bulk)))
    return has_more


def _asker(work: Work, bulk: Bulk) -> tuple[Actor, bool]:
    """In whose name the next cases are done, or undone, and whether they still work here."""
    member = work.session.get_one(Member, bulk.undone_by or bulk.member_id)
    name = work.session.get_one(User, member.user_id).name
    return Actor("member", member.id, name, member.role), member.removed_at is None


def _do_one(work: Work, bulk: Bulk, row: BulkRow, case: Incidence) -> None:
    args = BulkArgs.model_validate(bulk.args).model_dump()
    if case.version != row.version:
        _skip(bulk, row, Refusal(CHANGED, f"{_who_changed(work, case)} changed it meanwhile"))
        return
    agent = work.session.get(Member, case.agent_id) if case.agent_id else None
    name = work.session.get_one(User, agent.user_id).name if agent else None
    if why := refusal(case, name, bulk.verb, args, bulk.member_id):
        _skip(bulk, row, why)
        return
    before = restoring.image(work, case)
    try:
        bulk_verbs.do(work, case, bulk.verb, args, bulk.id)
    except Failure as error:
        work.session.expire(case)  # as it was, whatever was prepared before it was refused
        if isinstance(error, Denied):
            error.record(work)
        _skip(bulk, row, Refusal(error.error_code, error.message))
        return
    row.state, row.version, row.changes = "DONE", case.version, restoring.changes(work, before, case)
    bulk.done += 1


def _skip(bulk: Bulk, row: BulkRow, why: Refusal) -> None:
    row.state, row.code, row.why = "SKIPPED", why.code, why.why[:300]
    bulk.skipped += 1


def _who_changed(work: Work, case: Incidence) -> str:
    newest = log.of_incidence(work.session, work.business_id, case.id, None, 1)
    return str(newest[-1].body.get("actorName") or "somebody") if newest else "somebody"


# -- undoing it


def undo(work: Work, bulk_id: str) -> State:
    """Take it all back, as long as the window of the rules is open: by who did it, or a supervisor."""
    me = require_staff(work)
    bulk = work.session.scalar(select(Bulk).where(Bulk.id == bulk_id).with_for_update())
    if bulk is None:
        raise NotFound(f"There is no bulk {bulk_id!r} here.", id=bulk_id)
    if bulk.member_id != me and ROLES.index(work.actor.role or "agent") < ROLES.index("supervisor"):
        raise Forbidden("Only who did it, or a supervisor, takes it back.", code="NOT_YOURS")
    if bulk.state != "DONE":
        said = "is not through yet" if bulk.state == "RUNNING" else "was taken back already"
        raise Conflict(f"It {said}.", code="NOT_UNDOABLE", state=bulk.state)
    until = _undo_until(work, bulk)
    if until is None or until < work.now:
        raise Conflict("It is too late to take it back.", code="UNDO_WINDOW_OVER", until=until and instant(until))
    bulk.state, bulk.undone_by = "UNDOING", me
    if advance(work, bulk.id):
        work.enqueue("incidences.run_bulk", bulk_id=bulk.id)
    return read_of(work, bulk)


def _undo_one(work: Work, bulk: Bulk, row: BulkRow, case: Incidence) -> None:
    if case.version != row.version:
        row.state, row.code = "KEPT", CHANGED
        row.why = f"{_who_changed(work, case)} changed it since"[:300]
        bulk.kept += 1
        return
    put_back = restoring.take_back(work, case, row.changes or {})
    record(work, case, events.ChangeUndone, {"changes": put_back, "bulk": bulk.id})
    row.state, bulk.undone = "UNDONE", bulk.undone + 1


def _undo_until(work: Work, bulk: Bulk) -> Any:
    within = rules.current(work, KIND).settings["undoBulkWithinSeconds"]
    return bulk.finished_at and bulk.finished_at + timedelta(seconds=within)


# -- looking at it


def _member(work: Work, id: str) -> Member | None:
    member = work.session.get(Member, id)
    is_here = member is not None and member.business_id == work.business_id and member.removed_at is None
    return member if is_here else None


def read_of(work: Work, bulk: Bulk) -> State:
    """BulkRead data."""
    until = _undo_until(work, bulk) if bulk.state == "DONE" else None
    at = {"createdAt": bulk.created_at, "finishedAt": bulk.finished_at, "undoneAt": bulk.undone_at, "undoUntil": until}
    return {
        "bulkId": bulk.id,
        "verb": bulk.verb,
        "args": BulkArgs.model_validate(bulk.args).model_dump(mode="json", by_alias=True, exclude_unset=True),
        "chosen": bulk.chosen,
        "memberId": bulk.member_id,
        "state": bulk.state,
        "total": bulk.total,
        "done": bulk.done,
        "skipped": bulk.skipped,
        "undone": bulk.undone,
        "kept": bulk.kept,
        **{name: value and instant(value) for name, value in at.items()},
    }


def detail(work: Work, bulk_id: str, *, state: str | None, limit: int, cursor: str | None) -> State:
    """What became of each case (BulkDetail): a page of the rows, those in `state` when it is given."""
    bulk = work.get(Bulk, bulk_id, "bulk")
    own = BulkRow.bulk_id == bulk.id
    after = cursors.decode(cursor)
    if after is not None and [type(value) for value in after] != [int]:
        raise Invalid("This cursor is not one of this list. Start from the first page.", field="cursor")
    query = select(BulkRow).where(own, BulkRow.place > (after[0] if after else -1))
    query = query.where(BulkRow.state == state) if state else query
    found = work.session.scalars(query.order_by(BulkRow.place).limit(limit + 1)).all()
    refused = work.session.execute(select(BulkRow.code, BulkRow.why).where(own, BulkRow.code.is_not(None)))
    rows = [
        {
            "incidenceId": one.incidence_id,
            "ref": f"INC-{one.number}",
            "state": one.state,
            "code": one.code,
            "why": one.why,
        }
        for one in found[:limit]
    ]
    onwards = [found[limit - 1].place] if len(found) > limit else None
    reasons = _reasons((code or "", why or "") for code, why in refused)
    return read_of(work, bulk) | {"reasons": reasons, "rows": rows, "nextCursor": cursors.encode(onwards)}


def newest(work: Work) -> State:
    """The newest fifty, each as BulkRead data."""
    found = work.session.scalars(select(Bulk).order_by(Bulk.id.desc()).limit(50))
    return {"items": [read_of(work, bulk) for bulk in found], "nextCursor": None}
