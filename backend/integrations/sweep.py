"""The reconcile sweep: what a platform dropped is read back and told by the same facts as its webhooks, so that what
was told before changes nothing. Page by page, with the place kept, so that a kill costs a page at most.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson

from backend.core.errors import Unprocessable
from backend.core.log import logger
from backend.core.outside import Outside, Refused, Throttled, Trouble
from backend.core.sealing import Vault
from backend.events.event import Actor
from backend.integrations import connections, lateness, repository, service, telling
from backend.integrations.accounts import Account, Door, open_account
from backend.integrations.facts import Assigned, Conversational, CustomerMessage, Fact, Ignored, Reopened, Resolved
from backend.integrations.kinds import BY_NAME
from backend.integrations.models import Integration
from backend.integrations.spoken import Standing
from backend.jobs.registry import JobContext
from backend.work import Work

OVERLAP = timedelta(minutes=10)
"""A sweep begins so long before the one before it ended: what changed while that one read may have slipped through."""
FIRST = timedelta(days=1)
"""How far back the first sweep goes."""
PAGES_AT_ONCE = 20
"""After so many pages a job ends, and the next one goes on."""
_OF_US = (401, 403)
"""Refusals of whoever asks, whatever they ask for."""


@dataclass(frozen=True)
class Place:
    """Where a sweep is: when it began, however many jobs ago; a page by the platform's cursor; and which conversations of
    that page are done, by their ids, as the list may have moved when it is read again."""

    began: datetime
    cursor: str | None = None
    done: tuple[str, ...] = ()

    def __str__(self) -> str:
        return orjson.dumps(self).decode()

    @classmethod
    def parse(cls, text: str | None, now: datetime) -> "Place":
        """The inverse of `str`; the beginning of a sweep when none is under way."""
        if text is None or not text.startswith("{"):  # places once told no beginning: those sweeps begin anew
            return cls(now)
        found = orjson.loads(text)
        return cls(datetime.fromisoformat(found["began"]), found["cursor"], tuple(found["done"]))


@dataclass(frozen=True)
class Reading:
    """The next page to read, and how. `kept` is what the row held, by which another sweep's moves are seen."""

    door: Door
    since: datetime
    known: Sequence[str]
    place: Place
    kept: tuple[str | None, datetime | None]


async def sweep(ctx: JobContext, integration_id: str) -> None:
    """Read back everything that changed at one connection since its last sweep."""
    outside: Outside = ctx.runtime.outside
    for _ in range(PAGES_AT_ONCE):
        reading: Reading | None = await ctx.write(_reading, integration_id, ctx.runtime.vault)
        if reading is None:
            return
        account, place = open_account(reading.door, outside, is_patient=True), reading.place
        done, page = list(place.done), None
        try:
            page = await account.changed(reading.since, reading.known, place.cursor)
            for id in page.conversation_ids:
                if id not in place.done:
                    await _read_back_if_given(ctx, account, reading.door.platform, id)
                    done.append(id)
        except Trouble as trouble:
            reached = replace(place, done=tuple(done))
            if page is None and isinstance(trouble, Refused) and trouble.status not in _OF_US:
                reached = Place(place.began)  # the cursor may be what is refused: all its pages are read anew
            await ctx.write(_trouble, integration_id, reading, reached, trouble.brief, _seconds(trouble))
            return
        if not await ctx.write(_onwards, integration_id, reading, page.cursor):
            return
    await ctx.write(_go_on, integration_id, None)


async def _read_back_if_given(ctx: JobContext, account: Account, platform: str, conversation_id: str) -> None:
    """The same as `read_back`, but one that the platform does not give holds up none of those after it."""
    try:
        await read_back(ctx, account, platform, conversation_id)
    except Refused as refused:
        if refused.status in _OF_US:
            raise
        logger.warning("conversation not read back", platform=platform, told=refused.brief)


async def read_back(ctx: JobContext, account: Account, platform: str, conversation_id: str) -> None:
    """Tell what one conversation holds. One that is gone there is left as it is here."""
    try:
        facts = await account.facts(conversation_id)
        standing = await account.standing(conversation_id)
    except Refused as refused:
        if refused.status == 404:
            return
        raise
    await ctx.write(tell, platform, conversation_id, facts, standing)


def tell(work: Work, platform: str, conversation_id: str, facts: Sequence[Fact], standing: Standing) -> None:
    """Tell the messages in their order, then how the conversation stands, if the case stands otherwise."""
    work.actor = Actor("webhook", None, connections.title_of(platform))
    repository.lock_conversation(work.session, work.business_id, platform, conversation_id)
    telling.case_of(work, platform, conversation_id)  # locked before any event is written, as everybody does
    told: list[Conversational] = [fact for fact in facts if not isinstance(fact, Ignored)]
    told.sort(key=lambda fact: telling.instant_of(fact, work.now))
    if not service.is_known(work, platform, conversation_id):
        if not any(isinstance(fact, CustomerMessage) for fact in told):
            return
        told.sort(key=lambda fact: not isinstance(fact, CustomerMessage))
    for fact in told:
        telling.tell(work, platform, fact, telling.instant_of(fact, work.now))
    service.wake_waiting(work, platform, conversation_id)
    row = telling.case_of(work, platform, conversation_id)
    if row is None or standing.at is None:
        return
    at = min(standing.at, work.now + telling.AHEAD_AT_MOST)
    # Only what is news of the platform: a case closed here while nothing was connected must not be opened by it.
    was_resolved = lateness.is_known_resolved(work, platform, conversation_id)
    if standing.is_resolved != was_resolved and standing.is_resolved != (row.status == "CLOSED"):
        changed = Resolved(conversation_id, at) if standing.is_resolved else Reopened(conversation_id, at)
        telling.tell(work, platform, changed, at)
    place = (work.session, work.business_id, platform, conversation_id)
    if standing.agent_id != repository.value_of(*place, "assignment"):
        who = Assigned(conversation_id, standing.agent_id, at, standing.agent_name, standing.agent_email)
        telling.tell(work, platform, who, at)


def _reading(work: Work, integration_id: str, vault: Vault) -> Reading | None:
    row = work.session.get(Integration, integration_id)
    if row is None or row.business_id != work.business_id:
        return None
    if row.paused_until is not None and row.paused_until > work.now:
        _go_on(work, integration_id, row.paused_until)
        return None
    door = connections.door_of(row, row.platform, vault)
    if isinstance(door, str):
        return None
    place = Place.parse(row.sweep_cursor, work.now)
    since = (row.swept_until or place.began - FIRST) - OVERLAP
    known = repository.recent_conversations(work.session, work.business_id, row.platform, since)
    return Reading(door, since, known, place, _kept(row))


def _kept(row: Integration) -> tuple[str | None, datetime | None]:
    return row.sweep_cursor, row.swept_until


def _onwards(work: Work, integration_id: str, reading: Reading, cursor: str | None) -> bool:
    """A page was told: keep the place, or the end. False when it is over, or another sweep is faster."""
    row = work.session.get(Integration, integration_id, with_for_update=True)
    if row is None or _kept(row) != reading.kept:
        return False
    row.answered_at, row.error = work.now, None
    if cursor is not None:
        row.sweep_cursor = str(Place(reading.place.began, cursor))
        return True
    row.sweep_cursor, row.swept_until, row.swept_at = None, reading.place.began, work.now
    if row.wanted_at is not None and row.wanted_at > reading.place.began:
        _go_on(work, integration_id, None)  # what is meant may have come after its page was read
    return False


def _trouble(
    work: Work, integration_id: str, reading: Reading, reached: Place, words: str, seconds: float | None
) -> None:
    """It went on up to `reached`, and not further; the next sweep begins there, unless another one is faster."""
    row = work.session.get(Integration, integration_id, with_for_update=True)
    if row is None:
        return
    if _kept(row) == reading.kept:
        row.sweep_cursor = str(reached)
    connections.note_error(work, row, words)
    if seconds is not None:
        row.paused_until = work.now + timedelta(seconds=seconds)
        _go_on(work, integration_id, row.paused_until)


def _go_on(work: Work, integration_id: str, at: datetime | None) -> None:
    work.enqueue(
        "integrations.sweep_integration",
        at=at,
        key=repository.job_key("sweep", integration_id),
        integration_id=integration_id,
    )


async def read_unknown(ctx: JobContext, platform: str, conversation_id: str) -> None:
    """Read back a conversation of which something was told, but never how it began. Trouble when it cannot be."""
    door: Door | None = await ctx.read(_door, platform, conversation_id, ctx.runtime.vault)
    if door is not None:
        account = open_account(door, ctx.runtime.outside, is_patient=True)
        await read_back(ctx, account, platform, conversation_id)


def _door(work: Work, platform: str, conversation_id: str, vault: Vault) -> Door | None:
    """How to call the account, while the conversation is not known."""
    if service.is_known(work, platform, conversation_id):
        return None
    door = connections.door_of(repository.integration_of(work.session, work.business_id, platform), platform, vault)
    return door if isinstance(door, Door) else None


def begin(work: Work, integration_id: str) -> str:
    """Sweep a connection now, or once more after the sweep that runs. NotFound when it is not there, Unprocessable when
    there is nothing to read; its id."""
    row = work.get(Integration, integration_id, "integration")
    if not BY_NAME[row.platform].is_synced:
        raise Unprocessable("Nothing is read back from it: it is only told.", code="NOT_SYNCED")
    row.wanted_at = work.now
    _go_on(work, row.id, None)
    return row.id


def begin_all(work: Work) -> None:
    """Sweep every connection of the business."""
    for row in repository.integrations(work.session, work.business_id):
        if BY_NAME[row.platform].is_synced and row.stopped_at is None:
            _go_on(work, row.id, None)


def _seconds(trouble: Any) -> float | None:
    return trouble.seconds if isinstance(trouble, Throttled) else None
