"""Approvals: asked for by an agent, decided by a supervisor who is somebody else, carried out once or never."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import and_, bindparam, or_, select

from backend.agent import events, params
from backend.agent.carrying import carry_out
from backend.agent.judging import DISCOUNTS, KIND, Ask, Judgement, asked, judge
from backend.agent.models import Approval
from backend.agent.orders import names_of
from backend.agent.schemas import ApprovalDecision
from backend.agent.wording import changes_since, grounds_of, lines_of
from backend.core import cursor as cursors
from backend.core.clock import instant
from backend.core.errors import Conflict, Failure, Forbidden, Invalid, NotFound, StaleVersion
from backend.core.rows import table_of
from backend.customers.models import Customer
from backend.events import log
from backend.events.event import Actor, Event
from backend.identity.models import Member, User
from backend.incidences.models import Incidence
from backend.incidences.service import State, incidence_of, require_staff
from backend.rules import service as rules
from backend.work import Work

PENDING = "PENDING"


_ASKED = table_of(Approval).c
_PENDING = (
    select(_ASKED.id)
    .where(_ASKED.business_id == bindparam("business"), _ASKED.incidence_id == bindparam("incidence"))
    .where(_ASKED.status == PENDING)
    .order_by(_ASKED.requested_at, _ASKED.id)
)


def digest_of(action: str, given: dict[str, Any], incidence_id: str, version: int) -> str:
    """SHA-256 over what is asked for: another figure, case or version makes another digest."""
    whole = {"action": action, "params": given, "incidenceId": incidence_id, "version": version}
    return sha256(orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)).hexdigest()


def request(work: Work, row: Incidence, ask: Ask, judgement: Judgement, seconds: int) -> State:
    """Put an ask before the supervisors and answer ApprovalRead data.

    The same ask while one is pending is that one; another ask of the same kind by the same member takes its place.
    """
    me, given = require_staff(work), ask.params.as_json()
    for earlier in _pending_of(work, row):
        if earlier.action == ask.action and earlier.params == given:
            return _read(work, row, earlier)
        if earlier.action == ask.action and earlier.requested_by == me:
            withdraw(work, row, earlier, "asked for otherwise")
    approval = Approval(
        incidence_id=row.id,
        action=ask.action,
        params=given,
        digest=digest_of(ask.action, given, row.id, row.version),
        incidence_version=row.version,
        grounds=grounds_of(work, row),
        diff=lines_of(work, row, ask),
        rule=judgement.rule,
        rule_version=judgement.version,
        reason=judgement.reason,
        status=PENDING,
        version=1,
        requested_by=me,
        requested_at=work.now,
        expires_at=work.now + timedelta(seconds=seconds),
    )
    work.add(approval)
    work.enqueue(
        "agent.expire_approval",
        at=approval.expires_at,
        key=f"approval:{approval.id}",
        is_first=True,
        approval_id=approval.id,
    )
    return _told(work, row, approval, events.ApprovalRequested, {"reason": approval.reason})


def approve(work: Work, id: str, body: ApprovalDecision) -> State:
    """Agree, and carry it out for who asked, in this transaction: ApprovalRead data, USED.

    The rules in force are asked again, and what is carried out is what was asked for. When it cannot be done any more
    the answer is APPROVED with a failure, and nothing else has changed. Conflict when it is decided or too late,
    Forbidden for who asked, StaleVersion until the caller has seen what changed in the case.
    """
    row, approval = _to_decide(work, id, body)
    failure = _carried_out(work, row, approval)
    approval.status, approval.failure = ("APPROVED", failure) if failure else ("USED", None)
    return _decided(work, row, approval, body, events.ApprovalApproved)


def deny(work: Work, id: str, body: ApprovalDecision) -> State:
    """Refuse it: ApprovalRead data. Raises as `approve` does."""
    row, approval = _to_decide(work, id, body)
    approval.status = "DENIED"
    return _decided(work, row, approval, body, events.ApprovalDenied)


def _to_decide(work: Work, id: str, body: ApprovalDecision) -> tuple[Incidence, Approval]:
    row, approval = _of(work, id)
    if approval.status == "EXPIRED" or (approval.status == PENDING and work.now >= approval.expires_at):
        raise Conflict(
            "Nobody decided it in time. It has to be asked for again.",
            code="APPROVAL_EXPIRED",
            current=_read(work, row, approval),
        )
    if approval.status != PENDING:
        said = f"{_name(work, approval.decided_by)} has decided it" if approval.decided_by else "It is not pending"
        raise Conflict(
            f"{said}: {approval.status.lower()}.", code="ALREADY_DECIDED", current=_read(work, row, approval)
        )
    if approval.requested_by == require_staff(work):
        raise Forbidden("Who asks for an approval cannot decide it.", code="OWN_REQUEST")
    current = _read(work, row, approval)
    if body.version != approval.version or (current["changes"] and body.incidence_version != row.version):
        raise StaleVersion(
            f"INC-{row.number} has changed since it was asked for: {'; '.join(current['changes'])}. Look, then decide."
            if current["changes"]
            else f"The approval is at version {approval.version}.",
            current=current,
            since=current["changes"],
        )
    return row, approval


def _carried_out(work: Work, row: Incidence, approval: Approval) -> str | None:
    """Do it, or say why it cannot be done; then nothing of it stays."""
    by, supervisor = _asker(work, approval), work.actor
    if by is None:
        return f"{_name(work, approval.requested_by)}, who asked for it, is not here any more"
    if row.status == "CLOSED":
        return f"INC-{row.number} is closed"
    whole = digest_of(approval.action, approval.params, row.id, approval.incidence_version)
    if whole != approval.digest:
        return "it is not what was asked for: the digest differs"
    if approval.action in DISCOUNTS:  # before the savepoint: rolling back to it would give up the lock
        log.head(work.session, work.business_id)
    try:
        with work.session.begin_nested():  # what refuses, refuses before it emits
            ask = _ask_of(work, row, approval, by)
            judgement = judge(rules.current(work, KIND), ask.facts)
            if judgement.decision == "blocked":
                return f"the rules at version {judgement.version} block it: {judgement.reason}"
            said = {
                "rule": judgement.rule,
                "ruleVersion": judgement.version,
                "approvalId": approval.id,
                "approvedBy": supervisor.name,
            }
            work.actor = by  # it is done for who asked; who approved it stands beside it
            carry_out(work, row, ask, said)
    except Failure as error:
        return error.message
    finally:
        work.actor = supervisor
    return None


def _ask_of(work: Work, row: Incidence, approval: Approval, by: Actor) -> Ask:
    given = params.read(approval.action, approval.params)  # type: ignore[arg-type]
    return asked(work, row, approval.action, given, by)  # type: ignore[arg-type]


def _asker(work: Work, approval: Approval) -> Actor | None:
    member = work.session.get_one(Member, approval.requested_by)
    if member.removed_at is not None:
        return None
    return Actor("member", member.id, work.session.get_one(User, member.user_id).name, member.role)


def _decided(work: Work, row: Incidence, approval: Approval, body: ApprovalDecision, event: type[Event]) -> State:
    approval.decided_by, approval.decided_at, approval.note = work.actor.id, work.now, body.note
    work.cancel(f"approval:{approval.id}")
    said = {"note": approval.note, "failure": approval.failure}
    return _told(work, row, approval, event, {name: value for name, value in said.items() if value})


def expire(work: Work, approval_id: str) -> None:
    """The timer: nobody decided in time."""
    row, approval = _of(work, approval_id)
    if approval.status == PENDING and approval.expires_at <= work.now:
        _end(work, row, approval, "EXPIRED", events.ApprovalExpired, "nobody decided in time")


def withdraw_closed(work: Work, seq: int) -> None:
    """A case was closed by the event at `seq`: what was asked for in it is asked no more, unless it is open again."""
    (event,) = log.after(work.session, work.business_id, seq - 1, 1)
    row = incidence_of(work, event.subject_id, to_change=True)
    if row.status == "CLOSED":
        for approval in _pending_of(work, row):
            withdraw(work, row, approval, f"INC-{row.number} was closed")


def withdraw(work: Work, row: Incidence, approval: Approval, why: str) -> None:
    """It is asked for no more."""
    _end(work, row, approval, "WITHDRAWN", events.ApprovalWithdrawn, why)


def _end(work: Work, row: Incidence, approval: Approval, status: str, event: type[Event], why: str) -> None:
    approval.status, approval.failure = status, why
    work.cancel(f"approval:{approval.id}")
    _told(work, row, approval, event, {"failure": why})


def _of(work: Work, id: str) -> tuple[Incidence, Approval]:
    """An approval with its case, which nobody else changes until the end: so of two deciders one comes first."""
    own = (Approval.business_id == work.business_id) & (Approval.id == id)
    of = work.session.scalar(select(Approval.incidence_id).where(own))
    if of is None:
        raise NotFound(f"There is no approval {id!r} here.", id=id)
    row = incidence_of(work, of, to_change=True)
    return row, work.session.get_one(Approval, id, populate_existing=True)


def _pending_of(work: Work, row: Incidence) -> Sequence[Approval]:
    asked = {"business": work.business_id, "incidence": row.id}
    ids = work.session.connection().scalars(_PENDING, asked).all()  # nearly always none: nothing to load then
    return [work.session.get_one(Approval, id) for id in ids]


def pending_of(work: Work, row: Incidence) -> list[State]:
    """ApprovalRead data of what is asked for in a case."""
    return [_read(work, row, approval) for approval in _pending_of(work, row)]


def list_approvals(work: Work, *, status: str | None, limit: int, cursor: str | None) -> State:
    """A page of approvals: what is pending the oldest first, all else the newest first."""
    after = cursors.decode(cursor)
    if after is not None and [type(value) for value in after] != [datetime, str]:
        raise Invalid("This cursor is not one of this list. Start from the first page.", field="cursor")
    as_of = log.head_of(work.session, work.business_id)
    at, oldest_first = Approval.requested_at, status == PENDING
    query = select(Approval).where(Approval.business_id == work.business_id)
    if status is not None:
        query = query.where(Approval.status == status)
    if after is not None:
        then, id = after
        beyond = at > then if oldest_first else at < then
        query = query.where(or_(beyond, and_(at == then, Approval.id > id if oldest_first else Approval.id < id)))
    order = (at, Approval.id) if oldest_first else (at.desc(), Approval.id.desc())
    found = work.session.scalars(query.order_by(*order).limit(limit + 1)).all()
    shown, last = found[:limit], found[limit - 1] if len(found) > limit else None
    items = [_read(work, row, approval) for row, approval in _with_cases(work, shown)]
    onwards = cursors.encode([last.requested_at, last.id]) if last else None
    return {"items": items, "nextCursor": onwards, "asOf": as_of}


def _with_cases(work: Work, approvals: Iterable[Approval]) -> Iterable[tuple[Incidence, Approval]]:
    for approval in approvals:
        yield work.session.get_one(Incidence, approval.incidence_id), approval


def _told(work: Work, row: Incidence, approval: Approval, event: type[Event], more: State) -> State:
    """Finish a verb on an approval: its next version, and the event that carries it."""
    if event is not events.ApprovalRequested:
        approval.version += 1
    work.session.flush()
    state = _read(work, row, approval)
    work.emit(
        event(
            subject_id=approval.id,
            incidence_id=row.id,
            customer_id=row.customer_id,
            state=state,
            data={"action": approval.action, "diff": approval.diff, **more},
        )
    )
    return state


def _name(work: Work, member_id: str | None) -> str:
    return names_of(work, {member_id} if member_id else set()).get(member_id or "", "Somebody")


def _read(work: Work, row: Incidence, approval: Approval) -> State:
    """ApprovalRead data."""
    names = names_of(work, {id for id in (approval.requested_by, approval.decided_by) if id})
    is_pending = approval.status == PENDING
    customer = work.session.get_one(Customer, row.customer_id)
    return {
        "approvalId": approval.id,
        "version": approval.version,
        "incidenceId": row.id,
        "ref": f"INC-{row.number}",
        "customerName": customer.name or customer.external_id,
        "action": approval.action,
        "params": approval.params,
        "digest": approval.digest,
        "diff": _diff_now(work, row, approval) if is_pending else approval.diff,
        "changes": changes_since(approval.grounds, grounds_of(work, row)) if is_pending else [],
        "reason": approval.reason,
        "rule": approval.rule,
        "ruleVersion": approval.rule_version,
        "status": approval.status,
        "requestedBy": approval.requested_by,
        "requestedByName": names.get(approval.requested_by, "Somebody"),
        "requestedAt": instant(approval.requested_at),
        "incidenceVersion": approval.incidence_version,
        "incidenceVersionNow": row.version,
        "expiresAt": instant(approval.expires_at),
        "decidedBy": approval.decided_by,
        "decidedByName": names.get(approval.decided_by or "", "Somebody") if approval.decided_by else None,
        "decidedAt": None if approval.decided_at is None else instant(approval.decided_at),
        "note": approval.note,
        "failure": approval.failure,
    }


def _diff_now(work: Work, row: Incidence, approval: Approval) -> list[str]:
    """What it would do as the case is now; as it was asked for when it cannot be done any more."""
    by = _asker(work, approval)
    try:
        return lines_of(work, row, _ask_of(work, row, approval, by)) if by else approval.diff
    except Failure:
        return approval.diff
