"""One letter at a time: taken in a transaction, sent outside of any, settled in another one.

At least once: whoever is killed between the two, or hears no answer, sends again. For messages to staff, one too many is
better than one too few; each carries the letter's id, by which a doubled one can be told. To a customer it is the other
way round: when nobody knows whether a letter went, only a person sends it again.
"""

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from urllib.parse import urlsplit

from backend.core.outside import Outside, Unreached
from backend.core.sealing import Broken, Vault
from backend.delivery import channels, events, repository, way_out
from backend.delivery.address import Kind, mail_server
from backend.delivery.models import Channel, Letter
from backend.settings import Settings
from backend.work import Work

HELD = timedelta(minutes=3)
TRIES = 8
BACKOFF_SECONDS = 30.0
BACKOFF_AT_MOST = 1_800.0
GIVE_UP = timedelta(hours=24)
"""A channel that always wants it later gets it no more after that."""
_ERROR_LENGTH = 500
_UNKNOWN = "whether the customer got it is not known, so it is not sent again by itself"


@dataclass(frozen=True)
class Step:
    """All that is needed to send one letter."""

    letter_id: str
    kind: Kind
    address: str
    recipient: str
    subject: str
    text: str
    sender: str = ""
    link: str = ""
    """By which a customer says that they want no more; see `way_out`."""
    is_installed: bool = False
    """By the installation's own channel: whoever runs the server chose its address, which may be inside."""


@dataclass(frozen=True)
class Outcome:
    """What came of it, in words when it is not sent. `wait`: they want it after so many seconds, and nothing was done.
    `is_unknown`: it failed in the midst, and may have gone."""

    what: Literal["sent", "refused", "failed", "wait"]
    words: str = ""
    wait: float = 0.0
    is_unknown: bool = False


def take(work: Work, letter_id: str, job_id: str, vault: Vault, settings: Settings) -> Step | str | None:
    """The letter, now held by `job_id`; in words why it will never go, which is settled; None when there is nothing to
    do now."""
    letter = work.session.get(Letter, letter_id, with_for_update=True)
    if letter is None or letter.business_id != work.business_id or letter.state == "SENT":
        return None
    is_held = letter.state == "SENDING" and letter.held_by != job_id
    if is_held and letter.held_until is not None and letter.held_until > work.now:
        _later(work, letter, letter.held_until)
        return None
    if letter.state == "SENDING" and letter.customer_id is not None:
        return _over(work, letter, f"who sent it was stopped in the midst; {_UNKNOWN}")
    if letter.expires_at is not None and letter.expires_at <= work.now:
        return _over(work, letter, "it would have come too late")
    if letter.customer_id is not None and (why := way_out.refusal_of(work, letter.customer_id)) is not None:
        _over(work, letter, why)
        return None  # what they want is no failure that anybody has to look after
    way = channels.way_of(work, letter.kind, letter.channel_id, vault, settings)  # type: ignore[arg-type]
    if isinstance(way, str):
        return _over(work, letter, way)
    if way.channel is not None and way.channel.paused_until and way.channel.paused_until > work.now:
        letter.state, letter.due_at = "PENDING", way.channel.paused_until
        _later(work, letter, way.channel.paused_until)
        return None
    try:
        text = letter.text if letter.sealed is None else str(vault.open(letter.sealed).get("text") or "")
        recipient = letter.recipient or (mail_server(way.address).team if way.kind == "EMAIL" else "")
    except (Broken, ValueError) as error:
        return _over(work, letter, str(error))
    if text is None or (way.kind == "EMAIL" and not recipient):
        return _over(
            work, letter, "its words are gone" if text is None else "the channel has no mailbox of its own (&to=)"
        )
    letter.state, letter.held_by, letter.held_until = "SENDING", job_id, work.now + HELD
    letter.attempts += 1
    link = ""
    if letter.customer_id is not None:
        link = way_out.link_of(letter.customer_id, settings)
        text += f"\n{way_out.line_of(link)}"
    words, is_installed = (letter.subject, text), way.channel is None
    return Step(letter.id, way.kind, way.address, recipient, *words, letter.sender, link, is_installed)


async def send(step: Step, outside: Outside) -> Outcome:
    """Send it, in a thread: the library waits."""
    import asyncio

    from backend.delivery import sending

    is_mail = step.kind == "EMAIL"
    host = mail_server(step.address).host if is_mail else urlsplit(step.address).hostname or ""
    try:
        addresses = [] if step.is_installed else await outside.addresses(host, by_proxy=not is_mail)
    except Unreached as error:
        return Outcome("refused", str(error))
    return await asyncio.to_thread(sending.send, step, addresses)


def settle(work: Work, step: Step, job_id: str, outcome: Outcome) -> str | None:
    """Keep what came of it: over, or tried again later. In words why it failed for good, else None."""
    letter = work.session.get(Letter, step.letter_id, with_for_update=True)
    if letter is None or letter.state != "SENDING" or letter.held_by != job_id:
        return None
    channel = _channel(work, letter)
    if outcome.what == "sent":
        letter.state, letter.error, letter.settled_at, letter.sealed = "SENT", None, work.now, None
        if channel is not None:
            channel.answered_at, channel.error, channel.paused_until = work.now, None, None
        work.emit(events.LetterSent(subject_id=letter.id, data=_told(letter)))
        return None
    words = outcome.words.replace(step.recipient, "that address") if step.recipient else outcome.words
    letter.error = words[:_ERROR_LENGTH]
    if channel is not None:
        channel.error, channel.failed_at = letter.error, work.now
    if outcome.what == "wait" and work.now - letter.created_at < GIVE_UP:
        until = work.now + timedelta(seconds=outcome.wait)
        letter.attempts -= 1  # nothing was tried: they only said when
        if channel is not None:
            channel.paused_until = until
    elif outcome.is_unknown and letter.customer_id is not None:
        return _over(work, letter, f"{letter.error}; {_UNKNOWN}")
    elif outcome.what == "failed" and letter.attempts < TRIES:
        until = work.now + backoff(letter.attempts)
    else:
        return _over(work, letter, letter.error)
    letter.state, letter.due_at, letter.held_by, letter.held_until = "PENDING", until, None, None
    _later(work, letter, until)
    return None


def backoff(attempt: int, chance: float | None = None) -> timedelta:
    """How long to wait after failed attempt number `attempt`: doubling, half an hour at most, less up to half by chance."""
    doubled = min(BACKOFF_SECONDS * 2.0 ** (attempt - 1), BACKOFF_AT_MOST)
    return timedelta(seconds=doubled * (0.5 + (random.random() if chance is None else chance) / 2))


def _channel(work: Work, letter: Letter) -> Channel | None:
    own = repository.channels(work.session, work.business_id, letter.kind)
    wanted = [one for one in own if letter.channel_id in (None, one.id)]
    return wanted[0] if wanted else None


def _over(work: Work, letter: Letter, words: str) -> str:
    letter.state, letter.error, letter.settled_at = "FAILED", words[:_ERROR_LENGTH], work.now
    letter.held_by, letter.held_until = None, None
    if letter.expires_at is not None and letter.expires_at <= work.now:
        letter.sealed = None
    work.emit(events.LetterFailed(subject_id=letter.id, data=_told(letter) | {"error": words[:_ERROR_LENGTH]}))
    return words


def _told(letter: Letter) -> dict[str, str | None]:
    return {"kind": letter.kind, "channelId": letter.channel_id}


def _later(work: Work, letter: Letter, at: object) -> None:
    work.enqueue("delivery.send", at=at, key=f"letter:{letter.id}", letter_id=letter.id)  # type: ignore[arg-type]
