"""What chat platforms tell of a conversation. Facts are hints: they carry no version and come in any order.

Callers serialise per conversation and keep facts that come before their conversation does.
"""

from datetime import datetime

from sqlalchemy import select

from backend.core.clock import instant
from backend.customers.models import Customer
from backend.identity.models import Member, User
from backend.incidences import carrying, events, reopening
from backend.incidences.models import Conversation, Incidence
from backend.incidences.schemas import IncidenceOpen
from backend.incidences.service import apply, incidence_of, open_incidence, receive_message, record
from backend.work import Work

CHANNELS = {"whatsapp": "WHATSAPP"}
_SUMMARY = 120


def incidence_for(work: Work, platform: str, conversation_id: str) -> Incidence | None:
    """The incidence that a conversation is tied to."""
    query = select(Conversation.incidence_id).where(
        Conversation.platform == platform, Conversation.conversation_id == conversation_id
    )
    id = work.session.scalar(query)
    return incidence_of(work, id, to_change=True) if id else None


def message_from_customer(
    work: Work,
    *,
    platform: str,
    conversation_id: str,
    customer: Customer,
    text: str,
    message_id: str,
    occurred_at: datetime,
    is_newest: bool = True,
    may_reopen: bool = True,
) -> str:
    """The customer wrote: a new conversation opens an incidence, a known one goes on; long after the end, in a new
    incidence that continues the old one. The incidence's id.

    For `is_newest` and `may_reopen`, see `service.receive_message`.
    """
    row = incidence_for(work, platform, conversation_id)
    if row is None or (is_newest and may_reopen and reopening.begins_anew(work, row)):
        body = IncidenceOpen(
            user_id=customer.external_id,
            stage="PRE_ORDER",
            channel="IN_APP_CHAT",
            trigger="USER_INITIATED",
            issue_category="chat",
            summary=" ".join(text.split())[:_SUMMARY] or None,
        )
        if row is not None:
            row = reopening.continue_in_new(work, row, body, platform, conversation_id)
        else:
            state = open_incidence(work, body, platform=platform, is_answered_anyway=True)
            row = incidence_of(work, state["incidenceId"])
            work.add(Conversation(platform=platform, conversation_id=conversation_id, incidence_id=row.id))
        carrying.begin(work, row, events.IncidenceOpened)
    data = {"platform": platform, "messageId": message_id, "from": customer.name}
    receive_message(work, row, text, data, occurred_at, is_newest=is_newest, may_reopen=may_reopen)
    return row.id


def message_from_agent(
    work: Work,
    *,
    platform: str,
    conversation_id: str,
    agent_name: str,
    text: str,
    message_id: str,
    occurred_at: datetime,
    is_newest: bool = True,
) -> str | None:
    """Somebody answered on the platform itself; `is_newest` is False when a later message was told before this one.

    None when the conversation is not known.
    """
    row = incidence_for(work, platform, conversation_id)
    if row is None:
        return None
    row.first_response_at = min(row.first_response_at or occurred_at, occurred_at)
    if is_newest:
        row.waiting_since = None
        if row.status == "OPEN":
            row.status = "WAITING"
        row.last_message = {"text": text[:140], "by": "agent", "at": instant(occurred_at)}
    data = {"text": text, "platform": platform, "messageId": message_id, "from": agent_name}
    record(work, row, events.MessageSent, data, occurred_at=occurred_at)
    return row.id


def conversation_assigned(
    work: Work, *, platform: str, conversation_id: str, agent_email: str | None, agent_name: str, occurred_at: datetime
) -> str | None:
    """Assigned on the platform: to the member with that e-mail, or to nobody we know. None without the conversation."""
    row = incidence_for(work, platform, conversation_id)
    if row is None:
        return None
    member_id = member_with(work, agent_email) if agent_email else None
    if member_id or not agent_name:  # on a closed case too: it may have been assigned before it was resolved
        apply(work, row, {"agent_id": member_id}, reason=f"assigned on {platform}")
    else:
        data = {"changes": {}, "reason": f"assigned on {platform} to {agent_name}, who is no member here"}
        record(work, row, events.IncidenceAssigned, data, occurred_at=occurred_at)
    return row.id


def member_with(work: Work, email: str) -> str | None:
    """The id of the member who signs in with that e-mail address."""
    query = select(Member.id).join(User, User.id == Member.user_id)
    return work.session.scalar(query.where(User.email == email.lower(), Member.removed_at.is_(None)))


def conversation_resolved(work: Work, *, platform: str, conversation_id: str, occurred_at: datetime) -> str | None:
    """Resolved on the platform. None without the conversation."""
    row = incidence_for(work, platform, conversation_id)
    if row is None:
        return None
    if row.status != "CLOSED":
        apply(work, row, {"outcome": "RESOLVED", "resolution_type": platform}, reason=f"resolved on {platform}")
    return row.id


def conversation_reopened(work: Work, *, platform: str, conversation_id: str, occurred_at: datetime) -> str | None:
    """Reopened on the platform. None without the conversation."""
    row = incidence_for(work, platform, conversation_id)
    if row is None:
        return None
    if row.status == "CLOSED":
        apply(work, row, {"status": "OPEN"}, reason=f"reopened on {platform}")
    return row.id


def conform(work: Work, row: Incidence, *, platform: str, status: str, reopen_count: int) -> None:
    """Something came late: make the case what it would be if that had come in time. Nothing when it is so already."""
    if (row.status, row.reopen_count) == (status, reopen_count):
        return
    reason = f"{platform} told late what came before"
    if status == row.status:
        row.reopen_count = reopen_count
        record(work, row, events.IncidenceChanged, {"changes": {}, "reason": reason})
    elif status == "CLOSED":
        row.reopen_count = reopen_count
        apply(work, row, {"outcome": "RESOLVED", "resolution_type": platform}, reason=reason)
    elif row.status == "CLOSED":
        row.reopen_count = reopen_count - 1  # reopening counts one
        apply(work, row, {"status": "OPEN"}, reason=reason)
        if status != "OPEN":
            apply(work, row, {"status": status}, reason=reason)
    else:
        row.reopen_count = reopen_count
        apply(work, row, {"status": status}, reason=reason)
