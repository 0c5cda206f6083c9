"""Work whose agent is gone: after the grace, cases in which a customer waits are anybody's again."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import or_, select

from backend.agent import fair
from backend.identity import availability
from backend.identity.models import Member, User
from backend.incidences import events, owners
from backend.incidences.models import Incidence
from backend.incidences.repository import CASES
from backend.incidences.service import incidence_of, record
from backend.jobs.models import PendingJob
from backend.rules import service as rules
from backend.work import Work


def due_of(work: Work, member_id: str) -> Sequence[str]:
    """Cases to offer again now that the grace of a member is over: those in which a customer waits for us.

    None when they came back. Of somebody who works here no more, every case that is awake.
    """
    member = work.session.get(Member, member_id)
    if member is None or not _is_over(work, member):
        return []
    mine = (CASES.business_id == work.business_id) & (CASES.agent_id == member_id)
    waits = (CASES.status == "OPEN") & CASES.waiting_since.is_not(None)
    if member.removed_at is not None:
        waits = waits | CASES.status.in_(owners.AWAKE)
    query = select(CASES.id).where(mine, waits).order_by(CASES.queue_rank, CASES.id)
    cases = work.session.connection().execute(query).scalars().all()
    later = select(PendingJob.key).where(
        PendingJob.key.in_([owners.offer_key(id) for id in cases]), PendingJob.due_at > work.now
    )
    own_time = set(work.session.scalars(later))  # given to them while they were gone: those have a grace of their own
    return [id for id in cases if owners.offer_key(id) not in own_time]


def offer(work: Work, incidence_id: str) -> None:
    """Make a case anybody's again, if its agent is gone still and it needs somebody."""
    row = incidence_of(work, incidence_id, to_change=True)
    if row.agent_id is None or row.status not in owners.AWAKE:
        return
    member = availability.locked(work, row.agent_id)
    waits = row.status == "OPEN" and row.waiting_since is not None
    if not _is_over(work, member) or not (waits or member.removed_at is not None):
        return
    name = work.session.get_one(User, member.user_id).name
    row.last_agent_id, row.agent_id = row.agent_id, None
    said = {
        "changes": {"agent_id": [member.id, None]},
        "from": name,
        "reason": "; ".join(filter(None, (_gone(work, member, name), fair.why_not(work, member.id)))),
    }
    record(work, row, events.OfferedAgain, said)


def forgotten(work: Work) -> Sequence[str]:
    """Members who have been gone for longer than the grace and still have a case in which a customer waits.

    The timers see to it; this finds what they missed.
    """
    grace = timedelta(seconds=rules.current(work, owners.KIND).settings["graceSeconds"])
    waits = (CASES.status == "OPEN") & CASES.waiting_since.is_not(None) & (CASES.waiting_since <= work.now - grace)
    query = (
        select(Member.id)
        .join(Incidence, Incidence.agent_id == Member.id)
        .where(Member.business_id == work.business_id, Member.gone_since.is_not(None))
        .where(
            or_(
                waits & (Member.gone_since <= work.now - grace),
                Member.removed_at.is_not(None) & CASES.status.in_(owners.AWAKE),
            )
        )
        .distinct()
        .order_by(Member.id)
    )
    return work.session.scalars(query).all()


def _is_over(work: Work, member: Member) -> bool:
    """Whether the member is gone, and has been for the whole grace."""
    if member.gone_since is None:
        return False
    grace = timedelta(seconds=rules.current(work, owners.KIND).settings["graceSeconds"])
    return member.removed_at is not None or member.gone_since + grace <= work.now


def _gone(work: Work, member: Member, name: str) -> str:
    if member.removed_at is not None:
        return f"{name} works here no more"
    minutes = round((work.now - (member.gone_since or work.now)).total_seconds() / 60)
    reason = f" ({member.away_reason})" if member.is_away and member.away_reason else ""
    return f"{name} is {member.availability.lower()}{reason}, gone for {minutes} min"
