"""Conversations: kept for the member who had them, and for nobody else."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic.alias_generators import to_camel
from sqlalchemy import delete, func, select, tuple_

from backend.copilot import events
from backend.copilot.beside import Beside, beside
from backend.copilot.models import Conversation, Message, Subject
from backend.copilot.schemas import (
    CallRead,
    Carried,
    ChatAsked,
    ConversationBrief,
    ConversationRead,
    MessageRead,
    ProposalRead,
)
from backend.copilot.tool import TOOLS, Citation, Proposal
from backend.core import cursor as cursors
from backend.core.errors import Conflict, Invalid, NotFound
from backend.core.ids import new_id
from backend.core.text import clean_line
from backend.core.wire import Page
from backend.incidences.service import require_staff
from backend.work import Work

_TITLE = 80


def own(work: Work, id: str, *, to_change: bool = False) -> Conversation:
    """A conversation of the caller's. NotFound otherwise: those of others do not exist here."""
    mine = (Conversation.business_id == work.business_id) & (Conversation.member_id == require_staff(work))
    query = select(Conversation).where(mine, Conversation.id == id)
    found = work.session.scalars(query.with_for_update() if to_change else query).first()
    if found is None:
        raise NotFound(f"There is no conversation {id!r} of yours.", id=id)
    return found


def begin(work: Work, asked: ChatAsked) -> tuple[str, Beside, list[dict[str, str]]]:
    """Keep a question. The conversation's id, what it is asked beside, and what was said before, oldest first. NotFound for
    what is not there."""
    what = beside(work, asked)
    if asked.conversation_id is None:
        title = clean_line(asked.message)[:_TITLE]
        fresh = {"member_id": require_staff(work), "title": title, "created_at": work.now, "updated_at": work.now}
        found = work.add(Conversation(**fresh))
    else:
        found = own(work, asked.conversation_id, to_change=True)
    before = [{"role": one.role, "text": one.text} for one in _messages(work, found.id)]
    _append(work, found, "member", asked.message)
    mention(work, found.id, {what.customer_id} if what.customer_id else ())
    return found.id, what, before


def answer(
    work: Work,
    conversation_id: str,
    text: str,
    *,
    by: str | None,
    calls: Sequence[CallRead],
    citations: Sequence[Citation],
    proposals: Sequence[ProposalRead],
    is_whole: bool,
) -> MessageRead:
    """Keep what was answered."""
    found = own(work, conversation_id, to_change=True)
    row = _append(
        work,
        found,
        "copilot",
        text,
        by=by,
        calls=[_plain(one) for one in calls],
        citations=numbered(citations),
        proposals=[_plain(one) for one in proposals],
        is_whole=is_whole,
    )
    return MessageRead.model_validate(row)


def _append(work: Work, conversation: Conversation, role: str, text: str, **more: Any) -> Message:
    last = work.session.scalar(select(func.max(Message.place)).where(Message.conversation_id == conversation.id))
    conversation.updated_at = work.now
    place = 0 if last is None else last + 1
    about = {"conversation_id": conversation.id, "place": place, "role": role, "text": text, "created_at": work.now}
    return work.add(Message(**about, **more))


def mention(work: Work, conversation_id: str, customer_ids: Collection[str]) -> None:
    """The conversation speaks of these customers."""
    mine = (Subject.business_id == work.business_id) & (Subject.conversation_id == conversation_id)
    known = set(work.session.scalars(select(Subject.customer_id).where(mine)))
    for id in sorted(set(customer_ids) - known):
        work.add(Subject(conversation_id=conversation_id, customer_id=id))


def numbered(citations: Sequence[Citation]) -> list[dict[str, Any]]:
    """CitationRead data, counted from 1."""
    return [
        {"number": number, **{to_camel(name): value for name, value in asdict(one).items()}}
        for number, one in enumerate(citations, 1)
    ]


def proposed(proposals: Sequence[Proposal]) -> list[ProposalRead]:
    """Proposals with ids of their own."""
    return [
        ProposalRead(id=new_id(), kind=one.kind, words=one.words, arguments=dict(one.arguments)) for one in proposals
    ]


def list_own(work: Work, *, cursor: str | None, limit: int) -> Page[ConversationBrief]:
    """The caller's conversations, the one that was last gone on with first."""
    mine = (Conversation.business_id == work.business_id) & (Conversation.member_id == require_staff(work))
    query = select(Conversation).where(mine)
    match cursors.decode(cursor):
        case None:
            pass
        case [datetime() as at, str(id)]:
            query = query.where(tuple_(Conversation.updated_at, Conversation.id) < (at, id))
        case _:
            raise Invalid("This cursor is not one of this list. Start from the first page.", field="cursor")
    order = (Conversation.updated_at.desc(), Conversation.id.desc())
    rows = list(work.session.scalars(query.order_by(*order).limit(limit + 1)))
    last = rows[limit - 1] if len(rows) > limit else None
    following = cursors.encode([last.updated_at, last.id]) if last else None
    return Page(items=[ConversationBrief.model_validate(row) for row in rows[:limit]], next_cursor=following)


def show(work: Work, id: str) -> ConversationRead:
    """A conversation of the caller's, with its messages."""
    found = own(work, id)
    brief = ConversationBrief.model_validate(found)
    messages = [MessageRead.model_validate(row) for row in _messages(work, found.id)]
    return ConversationRead(**brief.model_dump(), messages=messages)


def _messages(work: Work, id: str) -> Sequence[Message]:
    mine = (Message.business_id == work.business_id) & (Message.conversation_id == id)
    return work.session.scalars(select(Message).where(mine).order_by(Message.place)).all()


def rename(work: Work, id: str, title: str) -> ConversationBrief:
    """Give a conversation of the caller's another name."""
    found = own(work, id, to_change=True)
    found.title = title
    return ConversationBrief.model_validate(found)


def forget(work: Work, id: str) -> None:
    """Erase a conversation of the caller's."""
    drop(work, [own(work, id, to_change=True).id])


def drop(work: Work, ids: Sequence[str]) -> None:
    """Erase conversations with all that was said in them."""
    for model, column in (
        (Subject, Subject.conversation_id),
        (Message, Message.conversation_id),
        (Conversation, Conversation.id),
    ):
        gone = delete(model).where(model.business_id == work.business_id, column.in_(ids))
        work.session.execute(gone.execution_options(synchronize_session=False))


def carry_out(work: Work, conversation_id: str, proposal_id: str) -> Carried:
    """Do what was proposed, as the caller, by their own permissions. Conflict when it is done already, Invalid for a draft,
    which only goes into a draft."""
    found = own(work, conversation_id, to_change=True)
    for message in _messages(work, found.id):
        proposals = [ProposalRead.model_validate(one) for one in message.proposals]
        one = next((one for one in proposals if one.id == proposal_id), None)
        if one is None:
            continue
        if one.state == "DONE":
            raise Conflict("This was done already.", code="ALREADY_DONE")
        if one.kind == "draft":
            raise Invalid("A draft is put into the composer and sent from there, by a person.", code="ONLY_A_DRAFT")
        tool = TOOLS.named(one.kind, work.actor.role)
        done = tool.does(work, tool.read(one.arguments))
        one.state = "DONE"
        message.proposals = [_plain(each) for each in proposals]
        work.session.flush()
        work.emit(
            events.ProposalCarriedOut(subject_id=found.id, data={"tool": one.kind, "by": message.by or "no model"})
        )
        return Carried(words=done.text, proposal=one)
    raise NotFound(f"There is no proposal {proposal_id!r} in this conversation.", id=proposal_id)


def _plain(one: Any) -> dict[str, Any]:
    return one.model_dump(mode="json", by_alias=True)  # type: ignore[no-any-return]
