"""Escalations: a case is handed up, acknowledged, handed back or settled; what nobody acknowledges climbs by itself."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, or_, select

from backend.core import cursor as cursors
from backend.core.clock import instant
from backend.core.errors import Conflict, Forbidden, Invalid, NotFound, Unprocessable
from backend.events import log
from backend.events.event import Event
from backend.identity.models import Member, User
from backend.identity.service import currency_of
from backend.incidences import events, ladder, repository, timers
from backend.incidences.models import Escalation, Incidence
from backend.incidences.schemas import EscalationNote, EscalationTrigger
from backend.incidences.service import State, expect, incidence_of, record, require_staff, shown
from backend.rules import service as rules
from backend.rules.engine import Compiled
from backend.work import Work

KIND = "escalation"
UNRESOLVED = "UNRESOLVED"


def trigger(work: Work, body: EscalationTrigger) -> State:
    """Hand a case up to the level that the rules in force say, and answer its escalation.

    A case has one open escalation: a reason of a higher level moves that one up. Conflict when it is at that level or
    above it already; Unprocessable when the case is closed or no rule covers the reason.
    """
    me = require_staff(work)
    row = incidence_of(work, body.incidence_id, to_change=True)
    expect(work, row, body.version)
    if row.status == "CLOSED":
        raise Unprocessable(f"INC-{row.number} is closed. Reopen it first.", code="INCIDENCE_CLOSED")
    compiled = rules.current(work, KIND)
    firing, facts = ladder.judged(work, compiled, row, body.reason)
    if firing is None:
        raise Unprocessable(
            f"No escalation rule covers {body.reason} for INC-{row.number} as it is.", code="NO_ESCALATION", facts=facts
        )
    level = firing.then["level"]
    if row.escalation_level is not None and ladder.height(compiled, row.escalation_level) >= ladder.height(
        compiled, level
    ):
        raise Conflict(
            f"INC-{row.number} is escalated to {_words(row.escalation_level)} already.",
            code="ALREADY_ESCALATED",
            escalationId=row.escalation_id,
            level=row.escalation_level,
            current=shown(work, row),
        )
    escalation = ladder.open_of(work, row) or Escalation(incidence_id=row.id, raised_at=work.now)
    escalation.reason, escalation.raised_by, escalation.note = body.reason, me, body.note or escalation.note
    escalation.rule, escalation.rule_version = firing.rule_id, compiled.version
    return _up(work, row, compiled, escalation, level, firing.text, body.note, facts)


def climb(work: Work, incidence_id: str) -> None:
    """The timer: hand up a case that is unresolved for too long, or whose escalation nobody has acknowledged in time.

    Does nothing when the timer was moved or the case closed meanwhile.
    """
    row = incidence_of(work, incidence_id, to_change=True)
    if row.status == "CLOSED" or row.climb_at is None or row.climb_at > work.now:
        return
    compiled = rules.current(work, KIND)
    escalation, facts = ladder.open_of(work, row), None
    if escalation is not None:
        level = compiled.settings["climbsTo"].get(escalation.level)
        why = "nobody acknowledged it in time"
    else:
        firing, facts = ladder.judged(work, compiled, row, UNRESOLVED)
        level = firing.then["level"] if firing else None
        why = f"unresolved for {round((work.now - row.created_at).total_seconds() / 60)} min"
        if firing:
            escalation = Escalation(
                incidence_id=row.id,
                raised_at=work.now,
                reason=UNRESOLVED,
                rule=firing.rule_id,
                rule_version=compiled.version,
            )
    row.climb_at = None
    if escalation is not None and level is None:  # the ladder was made shorter meanwhile
        escalation.next_climb_at = None
        record(work, row, events.IncidenceChanged, {"changes": {}, "reason": "the ladder ends here by now"})
    elif escalation is not None and level is not None:
        _up(work, row, compiled, escalation, level, why, None, facts)


def _up(
    work: Work,
    row: Incidence,
    compiled: Compiled,
    escalation: Escalation,
    level: str,
    why: str,
    note: str | None,
    facts: State | None,
) -> State:
    """Put an escalation (perhaps a new one) on `level`, where it waits to be acknowledged. `facts` are those that a
    rule decided by; None when it climbed because nobody acknowledged it."""
    before = escalation.level if row.escalation_id else None
    escalation.level, escalation.status = level, "OPEN"
    escalation.acknowledged_by = escalation.acknowledged_at = None
    due = None
    if level in compiled.settings["climbsTo"]:
        due = work.now + timedelta(seconds=compiled.settings["climbAfterSeconds"])
        if before is None and row.climb_at is not None:  # being handed up early puts nothing off
            due = min(due, row.climb_at)
    row.climb_at = escalation.next_climb_at = due
    work.add(escalation)
    row.escalation_level, row.escalation_id = level, escalation.id
    timers.climb_later(work, row)
    said = {
        "level": [before, level],
        "reason": escalation.reason,
        "why": why,
        "rule": escalation.rule,
        "ruleVersion": escalation.rule_version,
        "facts": facts,
    }
    return _told(work, row, escalation, compiled, events.Escalated, said, note)


def acknowledge(work: Work, id: str, body: EscalationNote) -> State:
    """Take an escalation, which stops the ladder. Conflict when somebody has, Forbidden below the level's role."""
    row, escalation, compiled = _open(work, id, body.version)
    if escalation.status == "ACKNOWLEDGED":
        raise Conflict(
            f"{_name(work, escalation.acknowledged_by)} has acknowledged it.",
            code="ALREADY_ACKNOWLEDGED",
            acknowledgedBy=escalation.acknowledged_by,
            current=shown(work, row),
        )
    if work.actor.role not in ladder.takers(compiled, escalation.level):
        role = compiled.settings["takers"][escalation.level]
        raise Forbidden(f"An escalation to {_words(escalation.level)} is for the role {role} and above.")
    escalation.status, escalation.acknowledged_by, escalation.acknowledged_at = "ACKNOWLEDGED", work.actor.id, work.now
    escalation.note = body.note or escalation.note
    row.climb_at = escalation.next_climb_at = None
    timers.climb_later(work, row)
    said = {"level": escalation.level}
    return _told(work, row, escalation, compiled, events.EscalationAcknowledged, said, body.note)


def hand_back(work: Work, id: str, body: EscalationNote) -> State:
    """Return a case to who had it. It is unresolved still, so its clock starts again."""
    row, escalation, compiled = _open(work, id, body.version)
    ladder.end(work, row, "RETURNED", body.note)
    timers.climb_when_unresolved(work, row)
    said = {"level": escalation.level}
    return _told(work, row, escalation, compiled, events.EscalationReturned, said, body.note)


def resolve(work: Work, id: str, body: EscalationNote) -> State:
    """What the case was handed up for is settled; the case itself stays open until it is closed."""
    row, escalation, compiled = _open(work, id, body.version)
    ladder.end(work, row, "RESOLVED", body.note)
    row.climb_at = None
    timers.climb_later(work, row)
    said = {"level": escalation.level}
    return _told(work, row, escalation, compiled, events.EscalationResolved, said, body.note)


def _open(work: Work, id: str, version: int | None) -> tuple[Incidence, Escalation, Compiled]:
    """An escalation that is not over, with its case, which nobody else changes until the end."""
    own = (Escalation.business_id == work.business_id) & (Escalation.id == id)
    of = work.session.scalar(select(Escalation.incidence_id).where(own))
    if of is None:
        raise NotFound(f"There is no escalation {id!r} here.", id=id)
    row = incidence_of(work, of, to_change=True)
    escalation = work.session.get_one(Escalation, id, populate_existing=True)
    if escalation.ended_at is not None:
        raise Conflict(
            f"The escalation of INC-{row.number} is {escalation.status.lower()} already.",
            code="ESCALATION_ENDED",
            current=shown(work, row),
        )
    expect(work, row, version)
    return row, escalation, rules.current(work, KIND)


def _told(
    work: Work,
    row: Incidence,
    escalation: Escalation,
    compiled: Compiled,
    event: type[Event],
    said: State,
    note: str | None,
) -> State:
    state = record(work, row, event, {"escalationId": escalation.id} | said | ({"note": note} if note else {}))
    return _read(escalation, state, _staff(work), compiled)


def queue(work: Work, *, level: str | None, limit: int, cursor: str | None) -> State:
    """A page of the escalations that are not over: the highest level first, within a level the oldest first."""
    after = cursors.decode(cursor)
    if after is not None and [type(value) for value in after] != [int, datetime, str]:
        raise Invalid("This cursor is not one of this list. Start from the first page.", field="cursor")
    as_of, compiled = log.head_of(work.session, work.business_id), rules.current(work, KIND)
    place = case({one: -ladder.height(compiled, one) for one in compiled.settings["ladder"]}, value=Escalation.level)
    query = select(Escalation).where(Escalation.business_id == work.business_id, Escalation.ended_at.is_(None))
    if level is not None:
        query = query.where(Escalation.level == level)
    if after is not None:
        at, raised_at, id = after
        later = or_(Escalation.raised_at > raised_at, and_(Escalation.raised_at == raised_at, Escalation.id > id))
        query = query.where(or_(place > at, and_(place == at, later)))
    found = work.session.scalars(query.order_by(place, Escalation.raised_at, Escalation.id).limit(limit + 1)).all()
    shown, last = found[:limit], found[limit - 1] if len(found) > limit else None
    onwards = [-ladder.height(compiled, last.level), last.raised_at, last.id] if last else None
    cases, staff = _cases(work, shown), _staff(work)
    items = [_read(one, cases[one.incidence_id], staff, compiled) for one in shown]
    return {"items": items, "nextCursor": cursors.encode(onwards), "asOf": as_of}


def _cases(work: Work, escalations: Iterable[Escalation]) -> dict[str, State]:
    wanted = repository.CASES.id.in_([one.incidence_id for one in escalations])
    found = repository.of(work.session, work.business_id, wanted, currency_of(work))
    return {state["incidenceId"]: state for state in found}


def _staff(work: Work) -> Sequence[Any]:
    query = select(Member.id, User.name, Member.role).join(User, User.id == Member.user_id)
    here = (Member.business_id == work.business_id) & Member.removed_at.is_(None)
    return work.session.execute(query.where(here).order_by(User.name, Member.id)).all()


def _name(work: Work, member_id: str | None) -> str:
    member = work.session.get(Member, member_id) if member_id else None
    return work.session.get_one(User, member.user_id).name if member else "Somebody"


def _words(level: str) -> str:
    return level.replace("_", " ").lower()


def _read(escalation: Escalation, state: State, staff: Sequence[Any], compiled: Compiled) -> State:
    """EscalationRead data."""
    roles = ladder.takers(compiled, escalation.level)
    instants = ("raised_at", "acknowledged_at", "ended_at", "next_climb_at")
    at = {name: getattr(escalation, name) for name in instants}
    told = {name: value and instant(value) for name, value in at.items()}
    return {
        "escalationId": escalation.id,
        "incidenceId": escalation.incidence_id,
        "ref": state["ref"],
        "level": escalation.level,
        "reason": escalation.reason,
        "status": escalation.status,
        "raisedBy": escalation.raised_by,
        "raisedAt": told["raised_at"],
        "acknowledgedBy": escalation.acknowledged_by,
        "acknowledgedAt": told["acknowledged_at"],
        "endedAt": told["ended_at"],
        "nextClimbAt": told["next_climb_at"],
        "note": escalation.note,
        "rule": escalation.rule,
        "ruleVersion": escalation.rule_version,
        "takers": [{"memberId": one.id, "name": one.name, "role": one.role} for one in staff if one.role in roles],
        "incidence": state,
    }
