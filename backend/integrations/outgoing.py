"""The outbox of what platforms should do: the intent is written with the event that wants it, and settled once.

Per conversation one call at a time, in the order of the events. A message is never sent again without reading the
conversation back first: a platform may deliver and answer an error.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from backend.core.errors import Conflict, NotFound
from backend.events.event import Event
from backend.identity.models import Member, User
from backend.incidences import conversations
from backend.incidences import events as happened
from backend.incidences.carrying import Tie, also_carries, also_holds
from backend.incidences.models import Incidence
from backend.integrations import events, repository
from backend.integrations.facts import AgentMessage
from backend.integrations.models import Integration, OutgoingCall
from backend.integrations.schemas import OutgoingRead
from backend.integrations.spoken import same_words
from backend.jobs.outbox import is_pending
from backend.work import Work

OPEN = ("QUEUED", "SENDING", "UNKNOWN")
IN_ORDER = ("MESSAGE", "ASSIGN", "STATUS")
"""Kinds that wait for each other; notes and properties hold nobody up."""
SPOKEN = ("MESSAGE", "NOTE")
"""Kinds that must not be done twice. The others say how it should be, which may be said again."""
CLOCKS_DIFFER = timedelta(minutes=5)
"""How far a platform's clock may be from ours."""
LEFT_AFTER = timedelta(minutes=10)
"""What is due for so long should have been done, or put off."""
_ABOUT = {
    "MESSAGE": "messages",
    "NOTE": "context",
    "PROPERTIES": "properties",
    "ASSIGN": "assignee",
    "STATUS": "status",
}
_WANTED: dict[type[Event], tuple[str, ...]] = {
    happened.IncidenceOpened: ("NOTE", "PROPERTIES"),
    happened.MessageSent: ("MESSAGE",),
    happened.IncidenceTaken: ("ASSIGN",),
    happened.IncidenceAssigned: ("ASSIGN",),
    happened.OfferedAgain: ("ASSIGN",),
    happened.Escalated: ("ASSIGN", "PROPERTIES"),
    happened.EscalationReturned: ("ASSIGN",),
    happened.EscalationResolved: ("ASSIGN",),
    happened.ChannelEscalated: ("PROPERTIES",),
    happened.IncidenceChanged: ("PROPERTIES",),
    happened.IncidenceClosed: ("STATUS", "PROPERTIES"),
    happened.IncidenceReopened: ("STATUS", "PROPERTIES"),
    happened.IncidenceAbsorbed: ("ASSIGN", "PROPERTIES"),
    happened.IncidenceReleased: ("ASSIGN", "STATUS", "PROPERTIES"),
    happened.IncidenceUnmerged: ("ASSIGN", "STATUS", "PROPERTIES"),
}


@also_carries
def intend(work: Work, row: Incidence, event: type[Event], ties: Sequence[Tie]) -> None:
    """Write down what follows from an event for the conversations of its case. A message goes to one of them, the one
    in which something was said last; it is written down even when nothing is connected, so that its failure shows.
    """
    for kind in _WANTED.get(event, ()):
        for tie in [repository.newest_of(work.session, work.business_id, ties)] if kind == "MESSAGE" else ties:
            if kind == "MESSAGE" or _is_sent(work, tie.platform, kind):
                _intend(work, row, kind, tie)


@also_holds
def on_its_way(work: Work, row: Incidence) -> str | None:
    """A message to the customer that is not surely there, or surely not, keeps its case where it is."""
    is_open = (OutgoingCall.incidence_id == row.id) & OutgoingCall.state.in_(OPEN) & (OutgoingCall.kind == "MESSAGE")
    if work.session.scalars(select(OutgoingCall.id).where(is_open).limit(1)).first() is None:
        return None
    return "a message to the customer is on its way"


def intend_status(work: Work, platform: str, conversation_id: str) -> None:
    """The case and its conversation may stand differently: make them the same."""
    row = conversations.incidence_for(work, platform, conversation_id)
    if row is not None and _is_sent(work, platform, "STATUS"):
        _intend(work, row, "STATUS", Tie(platform, conversation_id))


def _is_sent(work: Work, platform: str, kind: str) -> bool:
    integration = repository.integration_of(work.session, work.business_id, platform)
    return integration is not None and integration.sealed is not None and wants(integration, kind)


def wants(integration: Integration, kind: str) -> bool:
    """Whether the business wants this kind of call made there."""
    return _ABOUT[kind] in integration.config.get("sends", tuple(_ABOUT.values()))


def _intend(work: Work, row: Incidence, kind: str, tie: Tie) -> None:
    if kind not in SPOKEN and _follows_from_one(work, kind, tie):
        return
    call = OutgoingCall(
        platform=tie.platform,
        conversation_id=tie.conversation_id,
        incidence_id=row.id,
        seq=row.last_seq,
        kind=kind,
        due_at=work.now,
        created_at=work.now,
    )
    work.add(call)
    carry_later(work, tie, work.now)


def _follows_from_one(work: Work, kind: str, tie: Tie) -> bool:
    """Whether a call that waits already will carry out the case as it is now, at the right place in the order."""
    waiting = repository.open_calls(work.session, work.business_id, *tie)
    if kind == "PROPERTIES":
        return any(call.kind == kind and call.state == "QUEUED" for call in waiting)
    last = [call for call in waiting if call.kind in IN_ORDER][-1:]
    return bool(last) and last[0].kind == kind and last[0].state == "QUEUED"


def carry_later(work: Work, tie: Tie, at: datetime) -> None:
    """Look after the conversation's calls at `at`."""
    work.enqueue(
        "integrations.carry",
        at=at,
        key=repository.job_key("carry", *tie),
        platform=tie.platform,
        conversation_id=tie.conversation_id,
    )


def resume_left(work: Work) -> None:
    """Look after calls that are long due and wait for no job: a dead letter left them, or a backup was restored."""
    mine = (OutgoingCall.business_id == work.business_id) & OutgoingCall.state.in_(OPEN)
    query = select(OutgoingCall.platform, OutgoingCall.conversation_id).where(
        mine, OutgoingCall.due_at <= work.now - LEFT_AFTER
    )
    for platform, conversation_id in work.session.execute(query.distinct()).all():
        tie = Tie(platform, conversation_id)
        if not is_pending(work, repository.job_key("carry", *tie)):
            carry_later(work, tie, work.now)


def sent(work: Work, call: OutgoingCall, message_id: str | None, at: datetime | None) -> None:
    """It is there. A message's id is told, so that its echo is no second message."""
    call.state, call.settled_at, call.error, call.held_by, call.held_until = "SENT", work.now, None, None, None
    call.vendor_id = message_id or call.vendor_id
    if call.kind != "MESSAGE":
        return
    place = (work.session, work.business_id, call.platform, call.conversation_id)
    if message_id:
        at = at or work.now
        repository.told_first(*place, message_id, kind="agent", at=at)
        known = repository.mark_of(*place, "message")
        if known is None or known < at:
            repository.set_mark(*place, "message", at)
    tell(work, call, events.OutgoingSent)


def failed(work: Work, call: OutgoingCall, why: str) -> None:
    """It is not there, and we do not go on by ourselves."""
    call.state, call.settled_at, call.error, call.held_by, call.held_until = "FAILED", work.now, why, None, None
    tell(work, call, events.OutgoingFailed)


def tell(work: Work, call: OutgoingCall, event: type[Event]) -> None:
    """Say in the case's timeline what became of it."""
    work.session.flush()
    row = work.session.get_one(Incidence, call.incidence_id)
    data = {"outgoingId": call.id, "messageSeq": call.seq, "kind": call.kind, "platform": call.platform}
    state = OutgoingRead.model_validate(call).model_dump(mode="json", by_alias=True)
    work.emit(
        event(
            subject_id=call.id,
            incidence_id=row.id,
            customer_id=row.customer_id,
            state=state,
            data=data | ({"error": call.error} if call.error else {}),
        )
    )


def claim(work: Work, platform: str, fact: AgentMessage, at: datetime) -> bool:
    """Whether a message that a platform tells of is one of ours whose fate is open; then it is settled by this.

    One that is under way goes before one that failed. Ours is what has our words, was written by the agent that we
    write as, and not before we tried.
    """
    calls = repository.calls_tried(work.session, work.business_id, platform, fact.conversation_id)
    if not calls:
        return False
    config = repository.config_of(work.session, work.business_id, platform)
    ours = str(config.get("agentId") or "")
    if ours and fact.agent_id and fact.agent_id != ours:
        return False
    for call in sorted(calls, key=lambda call: (call.state == "FAILED", call.seq)):
        since = call.first_tried_at or call.created_at
        words = repository.words_of(work.session, work.business_id, call.seq)
        if at >= since - CLOCKS_DIFFER and words is not None and same_words(fact.text, words):
            sent(work, call, fact.message_id, at)
            return True
    return False


def has_open(work: Work, platform: str, conversation_id: str, kind: str) -> bool:
    """Whether a call of that kind is still to be made there: what we want goes before what the platform tells."""
    calls = repository.open_calls(work.session, work.business_id, platform, conversation_id)
    return any(call.kind == kind for call in calls)


def retry(work: Work, id: str) -> OutgoingRead:
    """Try a failed call again; a message only after looking whether it is there. Conflict unless it has failed."""
    call = work.session.get(OutgoingCall, id)
    if call is None or call.business_id != work.business_id:
        raise NotFound(f"There is no outgoing call {id!r} here.", id=id)
    repository.lock_conversation(work.session, work.business_id, call.platform, call.conversation_id)
    work.session.refresh(call)
    if call.state != "FAILED":
        raise Conflict(f"It has not failed: it is {call.state.lower()}.", code="NOT_FAILED", state=call.state)
    call.state, call.doubt, call.looks, call.settled_at, call.error = "QUEUED", None, 0, None, None
    call.due_at = work.now
    tell(work, call, events.OutgoingRetried)
    carry_later(work, Tie(call.platform, call.conversation_id), work.now)
    return OutgoingRead.model_validate(call)


def list_outgoing(work: Work, *, incidence_id: str | None, state: str | None, limit: int) -> list[OutgoingRead]:
    """Calls, the newest first."""
    rows = repository.calls(work.session, work.business_id, incidence_id, state, limit)
    return [OutgoingRead.model_validate(row) for row in rows]


def member_email(work: Work, member_id: str | None) -> str | None:
    """The e-mail address that a member signs in with, in lower case."""
    member = work.session.get(Member, member_id) if member_id else None
    return work.session.get_one(User, member.user_id).email.lower() if member else None
