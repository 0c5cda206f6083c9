"""Who may be given a case, how much everybody has, and that a customer who waits is never left with nobody."""

from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, func, select

from backend.core.errors import Forbidden, Unprocessable
from backend.events.event import Event
from backend.identity import availability
from backend.identity.models import Member, User
from backend.incidences import events
from backend.incidences.models import Incidence
from backend.incidences.repository import CASES
from backend.jobs.models import PendingJob
from backend.rules import service as rules
from backend.rules.engine import Compiled
from backend.work import Work

KIND = "assignment"
AWAKE = ("OPEN", "WAITING")
"""The statuses of cases that count against a member's capacity."""
_LOAD = select(func.count()).where(
    CASES.business_id == bindparam("business"), CASES.agent_id == bindparam("member"), CASES.status.in_(AWAKE)
)
_FREEING = (events.IncidenceClosed, events.IncidenceSnoozed)


def capacity_of(compiled: Compiled, member: Member) -> int:
    """How many cases a member can have at a time."""
    return int(compiled.settings["capacity"].get(member.role, 0)) if member.capacity is None else member.capacity


def load_of(work: Work, member_id: str) -> int:
    """How many open cases a member has that are awake."""
    which = {"business": work.business_id, "member": member_id}
    return int(work.session.connection().execute(_LOAD, which).scalar_one())


def loads(work: Work) -> dict[str, int]:
    """The same for everybody who has any."""
    held = (CASES.business_id == work.business_id) & CASES.agent_id.is_not(None) & CASES.status.in_(AWAKE)
    query = select(CASES.agent_id, func.count()).where(held).group_by(CASES.agent_id)
    return {row[0]: row[1] for row in work.session.connection().execute(query)}


def over_capacity(work: Work, member_id: str) -> dict[str, Any]:
    """What to record when one more case is more than a member can have; nothing when there is room.

    Until this unit ends nobody else gives them one, so that what is counted here is so.
    """
    member = availability.locked(work, member_id)
    return _over(work, member, rules.current(work, KIND))


def _over(work: Work, member: Member, compiled: Compiled) -> dict[str, Any]:
    load, capacity = load_of(work, member.id) + 1, capacity_of(compiled, member)
    return {"overCapacity": {"load": load, "capacity": capacity}} if load > capacity else {}


def check(work: Work, row: Incidence, member_id: str | None) -> dict[str, Any]:
    """What to record when a case is given to a member, or (None) back to everybody. Nothing changes hands: nothing.

    Unprocessable when there is no such member, or the rules refuse whoever is not there or has no room; Forbidden to
    an agent where the rules let nobody pass on work, their own or others'.
    """
    if member_id == row.agent_id:
        return {}
    compiled = rules.current(work, KIND)
    if work.actor.role == "agent" and not compiled.settings["agentsMayReassign"]:
        _may_take_for_oneself_only(work, row, member_id)
    row.last_agent_id = row.agent_id
    if member_id is None:
        return {}
    member = work.session.get(Member, member_id, with_for_update={"key_share": True}, populate_existing=True)
    if member is None or member.business_id != work.business_id or member.removed_at is not None:
        raise Unprocessable("There is no such member here to assign it to.", code="UNKNOWN_MEMBER", field="agentId")
    over = _over(work, member, compiled)
    if compiled.settings["refusesUnavailable"] and work.actor.kind == "member":  # what a platform tells has happened
        name = work.session.get_one(User, member.user_id).name
        if member.availability != "ONLINE":
            reason = f" ({member.away_reason})" if member.is_away and member.away_reason else ""
            raise Unprocessable(
                f"{name} is {member.availability.lower()}{reason}, and the assignment rules give nobody work who is.",
                code="MEMBER_UNAVAILABLE",
                field="agentId",
                availability=member.availability,
            )
        if over:
            told = over["overCapacity"]
            raise Unprocessable(
                f"{name} is at capacity: {told['load'] - 1} of {told['capacity']} open cases.",
                code="MEMBER_AT_CAPACITY",
                field="agentId",
                load=told["load"] - 1,
                capacity=told["capacity"],
            )
    return over


def _may_take_for_oneself_only(work: Work, row: Incidence, member_id: str | None) -> None:
    if row.agent_id is not None or member_id != work.actor.id:
        raise Forbidden(
            f"INC-{row.number} cannot be passed on: agents here take what nobody has, and keep it. Ask a supervisor.",
            code="REASSIGN_FORBIDDEN",
        )


def follow(work: Work, row: Incidence, event: type[Event]) -> None:
    """After a verb: when a customer waits with nobody there for them, see to it that somebody comes."""
    if event is events.IncidenceOpened:
        return  # `look_for_one` is told by whoever opens it, with rules that are at hand
    if event in _FREEING and row.agent_id is not None:  # now somebody has room
        _assign_soon(work, rules.current(work, KIND))
    elif row.status != "OPEN" or row.waiting_since is None:
        return
    elif row.agent_id is None:
        look_for_one(work, row, rules.current(work, KIND))
    else:
        member = work.session.get_one(Member, row.agent_id)
        if member.gone_since is not None:
            _offer_later(work, row, member, is_given=event is events.IncidenceAssigned)


def look_for_one(work: Work, row: Incidence, compiled: Compiled) -> None:
    """Where work is given out by itself, see to a case that nobody has."""
    if row.agent_id is None and row.waiting_since is not None:
        _assign_soon(work, compiled)


def _assign_soon(work: Work, compiled: Compiled) -> None:
    if compiled.settings["isAutomatic"]:
        work.enqueue("agent.assign", key="assign")


def _offer_later(work: Work, row: Incidence, member: Member, *, is_given: bool) -> None:
    """Its agent is gone: it is offered again when their grace is over. Given to them meanwhile, it has its own grace."""
    key = offer_key(row.id)
    if not is_given and work.session.scalar(select(PendingJob.id).where(PendingJob.key == key)):
        return  # it has a time already
    since = work.now if is_given or member.gone_since is None else member.gone_since
    at = max(work.now, since + timedelta(seconds=rules.current(work, KIND).settings["graceSeconds"]))
    work.enqueue("agent.offer_case", at=at, key=key, incidence_id=row.id)


def offer_key(incidence_id: str) -> str:
    """The key of the timer that offers a case again."""
    return f"offer-case:{incidence_id}"
