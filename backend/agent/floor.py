"""The floor: who is there, how much everybody has, what waits, and what is due next."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import case, func, select

from backend.agent import fair
from backend.core.clock import instant
from backend.events import log
from backend.identity.models import Member, User
from backend.identity.service import member_state
from backend.incidences import owners
from backend.incidences.repository import CASES
from backend.incidences.service import State
from backend.rules import service as rules
from backend.rules.engine import Compiled
from backend.work import Work

DUE = 60
"""How many of the nearest deadlines are told."""
_HOUR = timedelta(hours=1)


def floor(work: Work) -> State:
    """Everybody with load, capacity and the longest wait; what nobody has, deadlines, and the last hour."""
    compiled = rules.current(work, owners.KIND)
    as_of, held, done = log.head_of(work.session, work.business_id), _held(work), _closed(work)
    query = select(Member, User).join(User, User.id == Member.user_id)
    staff = query.where(Member.business_id == work.business_id, Member.removed_at.is_(None)).order_by(
        User.name, Member.id
    )
    members = [
        _member(work, member, user, compiled, held.get(member.id), done.get(member.id, 0))
        for member, user in work.session.execute(staff).tuples()
    ]
    nobody = held.get(None)
    return {
        "asOf": as_of,
        "at": instant(work.now),
        "members": members,
        "unassigned": {
            "waiting": nobody.waiting if nobody else 0,
            "oldestWaitingSince": _at(nobody.oldest) if nobody else None,
            "why": fair.why_not(work),
        },
        "due": _due(work),
        "lastHour": _last_hour(work),
        "isAutomatic": compiled.settings["isAutomatic"],
        "refusesUnavailable": compiled.settings["refusesUnavailable"],
        "graceSeconds": compiled.settings["graceSeconds"],
    }


def _member(work: Work, member: Member, user: User, compiled: Compiled, held: Any, closed: int) -> State:
    return {
        "member": member_state(user, member),
        "load": held.load if held else 0,
        "capacity": owners.capacity_of(compiled, member),
        "waiting": held.waiting if held else 0,
        "oldestWaitingSince": _at(held.oldest) if held else None,
        "closedLastHour": closed,
    }


def _held(work: Work) -> Mapping[str | None, Any]:
    """Load, customers who wait and since when the longest, by member; None for what nobody has."""
    waits = (CASES.status == "OPEN") & CASES.waiting_since.is_not(None)
    query = (
        select(
            CASES.agent_id,
            func.count().label("load"),
            func.sum(case((waits, 1), else_=0)).label("waiting"),
            func.min(case((waits, CASES.waiting_since))).label("oldest"),
        )
        .where(CASES.business_id == work.business_id, CASES.status.in_(owners.AWAKE))
        .group_by(CASES.agent_id)
    )
    return {row.agent_id: row for row in work.session.connection().execute(query)}


def _closed(work: Work) -> dict[str, int]:
    query = select(CASES.agent_id, func.count()).where(
        CASES.business_id == work.business_id,
        CASES.updated_at >= work.now - _HOUR,
        CASES.resolved_at >= work.now - _HOUR,
        CASES.agent_id.is_not(None),
    )
    return {row[0]: row[1] for row in work.session.connection().execute(query.group_by(CASES.agent_id))}


def _last_hour(work: Work) -> State:
    """What came in, was first answered and was closed in the last hour: a walk over what changed since."""
    since = work.now - _HOUR
    counted = {"opened": CASES.created_at, "answered": CASES.first_response_at, "closed": CASES.resolved_at}
    sums = (func.coalesce(func.sum(case((at >= since, 1), else_=0)), 0).label(name) for name, at in counted.items())
    query = select(*sums).where(CASES.business_id == work.business_id, CASES.updated_at >= since)
    row = work.session.connection().execute(query).one()
    return {name: int(getattr(row, name)) for name in counted}


def _due(work: Work) -> list[State]:
    """The nearest deadlines of the whole floor, those that passed first."""
    query = (
        select(CASES.id, CASES.number, CASES.sla_due_at, CASES.sla_target, CASES.priority, CASES.summary, User.name)
        .select_from(CASES.id.table)
        .outerjoin(Member, Member.id == CASES.agent_id)
        .outerjoin(User, User.id == Member.user_id)
        .where(CASES.business_id == work.business_id, CASES.status.in_(owners.AWAKE))
        .where(CASES.sla_due_at.is_not(None))
        .order_by(CASES.sla_rank, CASES.id)
        .limit(DUE)
    )
    return [
        {
            "incidenceId": row.id,
            "ref": f"INC-{row.number}",
            "target": row.sla_target.replace("_", " ").lower(),
            "dueAt": instant(row.sla_due_at),
            "priority": row.priority,
            "agentName": row.name,
            "summary": row.summary,
        }
        for row in work.session.connection().execute(query)
    ]


def _at(value: Any) -> str | None:
    return instant(value) if value else None
