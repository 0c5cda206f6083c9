"""Who is there: what members say of themselves, and whether a console of theirs is connected to any process.

ONLINE and AWAY are said; whoever is connected to no process for a while is OFFLINE. It is stored with the member, so it
survives restarts and is the same whichever process is asked. Timers are rows: a process that dies loses none.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, exists, select

from backend.core.errors import NotFound, Unprocessable
from backend.identity import events
from backend.identity.models import Member, MemberConnection, User
from backend.identity.schemas import AvailabilitySay, CapacityChange
from backend.identity.service import member_state, working_here
from backend.rules import service as rules
from backend.work import Work

KIND = "assignment"
"""The rule set whose settings say how long one may be gone."""


def locked(work: Work, member_id: str) -> Member:
    """The member, whom nobody else changes or gives work to until this unit ends. NotFound when there is none.

    Rows that name the member may be added meanwhile: who adds them holds the log, for which this unit may wait.
    """
    member = work.session.get(Member, member_id, with_for_update={"key_share": True}, populate_existing=True)
    if member is None or member.business_id != work.business_id:
        raise NotFound(f"There is no member {member_id!r} here.", id=member_id)
    return member


def say(work: Work, body: AvailabilitySay) -> dict[str, Any]:
    """The caller is at the desk, or away from it for a reason and until an instant. Answers the member."""
    member = locked(work, work.actor.id or "")
    if body.back_at is not None and body.back_at <= work.now:
        raise Unprocessable("backAt lies in the past.", code="BACK_IN_PAST", field="backAt")
    is_away = body.availability == "AWAY"
    before = (member.is_away, member.away_reason, member.back_at)
    member.is_away = is_away
    member.away_reason, member.back_at = (body.reason, body.back_at) if is_away else (None, None)
    is_other = before != (member.is_away, member.away_reason, member.back_at)
    is_told = member.availability != "OFFLINE" and _become(work, member, "AWAY" if is_away else "ONLINE")
    if is_other and not is_told:  # another reason, or said while no console is connected
        _tell(work, member, member.availability)
    return _state(work, member)


def arrived(work: Work, member_id: str, process_id: str) -> None:
    """A console of theirs connected to a process: they are there again, or as far away as they said."""
    member = locked(work, member_id)
    if work.session.get(MemberConnection, (process_id, member_id)) is None:
        work.add(MemberConnection(process_id=process_id, member_id=member_id))
    work.cancel(f"gone:{member_id}")
    if member.removed_at is None:
        _become(work, member, "AWAY" if member.is_away else "ONLINE")


def departed(work: Work, member_id: str, process_id: str) -> None:
    """Their last console at a process is gone; with no other left, they are OFFLINE unless one comes back soon."""
    locked(work, member_id)
    of_process = (MemberConnection.process_id == process_id) & (MemberConnection.member_id == member_id)
    work.session.execute(delete(MemberConnection).where(of_process))
    if not is_connected(work, member_id):
        seconds = rules.current(work, KIND).settings["offlineAfterSeconds"]
        work.enqueue(
            "identity.go_offline",
            at=work.now + timedelta(seconds=seconds),
            key=f"gone:{member_id}",
            member_id=member_id,
        )


def go_offline(work: Work, member_id: str) -> None:
    """The timer: whoever is connected to no process now is OFFLINE."""
    member = locked(work, member_id)
    if member.removed_at is None and not is_connected(work, member_id):
        _become(work, member, "OFFLINE")


def is_connected(work: Work, member_id: str) -> bool:
    """Whether a console of theirs is connected to any process."""
    theirs = exists().where(MemberConnection.member_id == member_id)
    return bool(work.session.scalar(select(theirs)))


def set_capacity(work: Work, member_id: str, body: CapacityChange) -> dict[str, Any]:
    """How many cases a member can have at a time. Answers the member."""
    working_here(work, member_id)
    member = locked(work, member_id)
    before, member.capacity = member.capacity, body.capacity
    state = _state(work, member)
    if before != body.capacity:
        work.emit(events.MemberChanged(subject_id=member.id, state=state, data={"capacity": [before, body.capacity]}))
        _look_for_work(work)
    return state


def _become(work: Work, member: Member, availability: str) -> bool:
    """Put a member on another availability and set the timer of their work; False when it is theirs already."""
    before = member.availability
    if before == availability:
        return False
    member.availability, member.availability_since = availability, work.now
    if availability == "ONLINE":
        member.gone_since = None
        work.cancel(f"offer:{member.id}")
    elif before == "ONLINE":
        member.gone_since = work.now
        grace = timedelta(seconds=rules.current(work, KIND).settings["graceSeconds"])
        work.enqueue("agent.offer_work", at=work.now + grace, key=f"offer:{member.id}", member_id=member.id)
    _tell(work, member, before)
    if availability == "ONLINE":
        _look_for_work(
            work
        )  # after the event, as whoever changes a case does: two take the log and the job in one order
    return True


def _look_for_work(work: Work) -> None:
    """Somebody has room: where work is given out by itself, it is time to."""
    if rules.current(work, KIND).settings["isAutomatic"]:
        work.enqueue("agent.assign", key="assign")


def _tell(work: Work, member: Member, before: str) -> None:
    said: dict[str, Any] = {"availability": [before, member.availability]}
    if member.is_away and member.away_reason:
        said["reason"] = member.away_reason
    state = _state(work, member)
    work.emit(events.MemberAvailabilityChanged(subject_id=member.id, state=state, data=said))


def _state(work: Work, member: Member) -> dict[str, Any]:
    work.session.flush()
    return member_state(work.session.get_one(User, member.user_id), member)
