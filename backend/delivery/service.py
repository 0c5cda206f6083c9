"""Letters: written in the transaction that wants them, listed, tried again. Sending is `carrier`'s affair."""

from datetime import datetime
from typing import TYPE_CHECKING

from backend.core import cursor as cursors
from backend.core.databases import insert_into
from backend.core.errors import Conflict, Invalid
from backend.core.ids import new_id
from backend.core.rows import table_of
from backend.core.text import clean, clean_line
from backend.delivery import events, repository
from backend.delivery.address import Kind, mailbox
from backend.delivery.models import Channel, Letter
from backend.delivery.schemas import LetterAccepted, LetterPage, LetterRead, LetterShown
from backend.events import log
from backend.work import Work

if TYPE_CHECKING:
    from backend.core.sealing import Vault

SUBJECT_LENGTH = SENDER_LENGTH = 200
TEXT_LENGTH = 20_000


def post(
    work: Work,
    *,
    to: str,
    subject: str,
    text: str,
    cause: str,
    kind: Kind = "EMAIL",
    channel_id: str | None = None,
    expires_at: datetime | None = None,
    vault: "Vault | None" = None,
    customer_id: str | None = None,
    sender: str = "",
) -> str:
    """Write a message, which leaves after the commit; the id of the letter. It is to staff, or with `customer_id` to that
    customer, under the name of `sender`, with a last line that says how to get no more.

    `to` is an e-mail address; empty, with `kind` or `channel_id`, it goes to a channel's own address. `cause` names what
    it is about: a second letter of the same cause is the first one, and nothing is sent again. With a `vault` the words
    are sealed until it is sent and then gone: for links that open something. After `expires_at` it is not sent any
    more. ValueError when `to` is no address.
    """
    cause = cause[:200]
    row = {
        "id": new_id(),
        "business_id": work.business_id,
        "kind": kind,
        "channel_id": channel_id,
        "recipient": mailbox(to) if to else None,
        "customer_id": customer_id,
        "sender": clean_line(sender)[:SENDER_LENGTH],
        "subject": clean_line(subject)[:SUBJECT_LENGTH],
        "text": None if vault else clean(text)[:TEXT_LENGTH],
        "sealed": vault.seal({"text": clean(text)[:TEXT_LENGTH]}) if vault else None,
        "cause": cause,
        "state": "PENDING",
        "attempts": 0,
        "created_at": work.now,
        "due_at": work.now,
        "expires_at": expires_at,
    }
    table = table_of(Letter)
    written = insert_into(table, work.session).values(row).on_conflict_do_nothing().returning(table.c.id)
    if work.session.execute(written).scalar() is None:
        return repository.letter_of(work.session, work.business_id, cause) or ""
    work.enqueue("delivery.send", key=f"letter:{row['id']}", is_first=True, letter_id=row["id"])
    return str(row["id"])


def list_letters(
    work: Work, *, state: str | None, channel_id: str | None, cursor: str | None, limit: int
) -> LetterPage:
    """A page of letters, the newest first."""
    values = cursors.decode(cursor)
    if values is not None and [type(value) for value in values] != [datetime, str]:
        raise Invalid("This cursor is not one of this list. Start from the first page.", field="cursor")
    after = None if values is None else (values[0], values[1])
    found = repository.letters(
        work.session, work.business_id, state=state, channel_id=channel_id, after=after, limit=limit + 1
    )
    names = names_of(work)
    last = found[limit - 1] if len(found) > limit else None
    return LetterPage(
        items=[read_of(letter, names) for letter in found[:limit]],
        next_cursor=cursors.encode([last.created_at, last.id]) if last else None,
        as_of=log.head_of(work.session, work.business_id),
    )


def show_letter(work: Work, id: str) -> LetterShown:
    """A letter with its words. NotFound otherwise."""
    letter = work.get(Letter, id, "letter")
    return LetterShown(**read_of(letter, names_of(work)).model_dump(), text=letter.text)


def retry(work: Work, id: str) -> LetterAccepted:
    """Try a failed letter again, from the first attempt. Conflict unless it has failed, or its words are gone."""
    letter = work.get(Letter, id, "letter")
    if letter.state != "FAILED":
        raise Conflict(f"This letter has not failed: it is {letter.state.lower()}.", state=letter.state)
    if letter.text is None and letter.sealed is None:
        raise Conflict("The words of this letter are gone; have it written anew.", code="WORDS_GONE")
    letter.state, letter.attempts, letter.due_at, letter.settled_at = "PENDING", 0, work.now, None
    work.enqueue("delivery.send", key=f"letter:{id}", letter_id=id)
    data = {"kind": letter.kind, "channelId": letter.channel_id}
    work.emit(events.LetterRetried(subject_id=id, data=data))
    return LetterAccepted(id=id)


def names_of(work: Work) -> dict[str, str]:
    """The names of the channels, by id."""
    return {channel.id: channel.name for channel in repository.channels(work.session, work.business_id)}


def read_of(letter: Letter, names: dict[str, str]) -> LetterRead:
    """A letter as the wire tells it."""
    known = names.get(letter.channel_id or "", "a channel that is gone" if letter.channel_id else "")
    return LetterRead(
        id=letter.id,
        kind=letter.kind,
        channel_id=letter.channel_id,
        channel=known or letter.kind.lower(),
        recipient=letter.recipient if letter.customer_id is None else _masked(letter.recipient),
        customer_id=letter.customer_id,
        subject=letter.subject,
        state=letter.state,
        attempts=letter.attempts,
        error=letter.error,
        created_at=letter.created_at,
        due_at=letter.due_at,
        settled_at=letter.settled_at,
    )


def _masked(address: str | None) -> str | None:
    """Enough of a customer's address to tell it by."""
    name, at, host = (address or "").partition("@")
    return f"{name[:1]}…{at}{host}" if address else None


def channel_of(work: Work, id: str) -> Channel:
    """The channel; NotFound otherwise."""
    return work.get(Channel, id, "channel")
