"""Posts on their way: taken in a transaction, sent outside of any, settled in another one.

A post is sent at least once: whoever gets it knows it again by its `webhook-id`.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import or_, select

from backend.core.clock import instant
from backend.core.outside import Outside, Refused, Rest, Throttled, Trouble
from backend.core.sealing import Vault
from backend.events import log
from backend.events.feed import frame_of
from backend.integrations import connections, events
from backend.integrations.models import Integration, WebhookPost
from backend.integrations.schemas import PostRead
from backend.integrations.standard_webhooks import signed
from backend.integrations.webhooks import posts
from backend.work import Work

TOGETHER = 5
"""Posts that are on their way to one endpoint at a time."""
HELD = timedelta(minutes=3)
"""How long a job has a post for itself. One whose job is gone by then may have arrived, and is sent again."""
AFTER = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000)
"""Seconds before each try after the first, less up to a tenth by chance. Source: the Standard Webhooks specification."""
OLDEST = timedelta(days=4)
"""What could not be told for so long is not tried any more."""
PAUSES = (5.0, 3_600.0)
"""An endpoint that cannot be reached is left alone: seconds after the first time, doubling up to an hour."""
GONE = 410
"""Whoever answers so wants nothing any more."""
_ERROR_LENGTH = 500
_WORDS = "nobody could be told within {} days".format


@dataclass(frozen=True)
class Outlet:
    """An endpoint as it is called."""

    integration_id: str
    business_id: str
    title: str
    url: str
    keys: tuple[str, ...]
    per_minute: int


@dataclass(frozen=True)
class Step:
    """One post, ready to be sent."""

    post_id: str
    outlet: Outlet
    body: bytes


@dataclass(frozen=True)
class Outcome:
    """What came of it. `trouble` is None when it was taken."""

    step: Step
    milliseconds: int
    trouble: Trouble | None = None


def outlet_of(row: Integration, vault: Vault) -> Outlet | str:
    """How to call an endpoint, or in words why it cannot be called."""
    door = connections.door_of(row, row.platform, vault)
    if isinstance(door, str):
        return door
    held = vault.open(row.sealed)
    keys = tuple(secret for name in ("webhook_secret", "previous_secret") if (secret := held.get(name)))
    title = connections.title_of(row.platform, row.name)
    return Outlet(row.id, row.business_id, title, door.base_url, keys, door.per_minute)


def take(work: Work, integration_id: str, vault: Vault) -> list[Step]:
    """Some posts of an endpoint that are due, now held by whoever takes them; the job comes back for what is not due."""
    work.next_seq()  # the log first, then the connection: in this order everybody holds them
    row = work.session.get(Integration, integration_id, with_for_update=True)
    if row is None or row.business_id != work.business_id or row.stopped_at is not None:
        return []
    if row.paused_until is not None and row.paused_until > work.now:
        posts.send_later(work, integration_id, row.paused_until)
        return []
    outlet = outlet_of(row, vault)
    steps: list[Step] = []
    mine = (WebhookPost.business_id == work.business_id, WebhookPost.integration_id == integration_id)
    is_held = (WebhookPost.state == "SENDING") & (WebhookPost.held_until > work.now)
    is_free = (WebhookPost.state == "QUEUED") | ((WebhookPost.state == "SENDING") & ~is_held)
    free = select(WebhookPost).where(*mine, is_free).order_by(WebhookPost.due_at, WebhookPost.id)
    for found in work.session.scalars(free.where(WebhookPost.due_at <= work.now).limit(TOGETHER)):
        if isinstance(outlet, str):
            _die(work, found, outlet)
        elif found.wanted_at < work.now - OLDEST:
            _die(work, found, found.error or _WORDS(OLDEST.days))
        else:
            found.state, found.held_until, found.tries = "SENDING", work.now + HELD, found.tries + 1
            steps.append(Step(found.id, outlet, _body(work, found)))
    work.session.flush()
    later = select(WebhookPost.due_at, WebhookPost.held_until, WebhookPost.state).where(
        *mine, or_(WebhookPost.state == "QUEUED", is_held)
    )
    if not steps and (next_one := work.session.execute(later.order_by(WebhookPost.due_at).limit(1)).first()):
        at = next_one.due_at if next_one.state == "QUEUED" else next_one.held_until
        posts.send_later(work, integration_id, max(at, work.now))
    return steps


def _body(work: Work, found: WebhookPost) -> bytes:
    data: dict[str, Any] | None = found.payload
    at = found.created_at
    if found.seq is not None:
        (event,) = log.after(work.session, work.business_id, found.seq - 1, 1)
        data, at = (
            {name: value for name, value in frame_of(event, event.state).items() if name != "kind"},
            event.occurred_at,
        )
    return orjson.dumps({"type": found.type, "timestamp": instant(at), "data": data})


async def send(step: Step, outside: Outside) -> Outcome:
    """Post it once."""
    began, at = time.monotonic(), outside.clock.now()
    headers = signed(step.post_id, at, step.body, step.outlet.keys) | {"User-Agent": "Holdfast"}
    rest = Rest(
        outside,
        step.outlet.url,
        headers,
        title=step.outlet.title,
        account=f"{step.outlet.business_id}/{step.outlet.integration_id}",
        per_minute=step.outlet.per_minute,
    )
    trouble: Trouble | None = None
    try:
        await rest.call("POST", "", step.body)
    except Trouble as found:
        trouble = found
    return Outcome(step, round((time.monotonic() - began) * 1_000), trouble)


async def send_all(steps: Sequence[Step], outside: Outside) -> list[Outcome]:
    """Post several at once."""
    return list(await asyncio.gather(*(send(step, outside) for step in steps)))


def settle(work: Work, integration_id: str, outcomes: Sequence[Outcome]) -> None:
    """Keep what came of some posts, and with the endpoint how it does."""
    work.next_seq()
    row = work.session.get(Integration, integration_id, with_for_update=True)
    if row is None or row.business_id != work.business_id:
        return
    for outcome in outcomes:
        found = work.session.get(WebhookPost, outcome.step.post_id)
        if found is not None and found.state == "SENDING":
            _settle(work, row, found, outcome)


def _settle(work: Work, row: Integration, found: WebhookPost, outcome: Outcome) -> None:
    trouble, found.held_until, found.milliseconds = outcome.trouble, None, outcome.milliseconds
    if trouble is None:
        found.state, found.error, found.settled_at, found.status = "SENT", None, work.now, 200
        row.answered_at, row.error, row.failures, row.paused_until = work.now, None, 0, None
        return
    words = str(trouble)[:_ERROR_LENGTH]
    found.status = trouble.status if isinstance(trouble, Refused) else 429 if _is_throttled(trouble) else None
    found.state, found.error = "QUEUED", words
    if isinstance(trouble, Throttled):  # nothing was done, and that is no failure of the post
        found.tries, found.due_at = found.tries - 1, work.now + timedelta(seconds=trouble.seconds)
        if not trouble.is_ours:
            connections.note_error(work, row, trouble.brief)
            row.paused_until = found.due_at
        return
    connections.note_error(work, row, trouble.brief)
    if isinstance(trouble, Refused):
        if trouble.status == GONE:
            row.stopped_at = work.now
            found.tries = len(AFTER) + 1
    else:
        row.failures += 1
        first, most = PAUSES
        row.paused_until = work.now + timedelta(seconds=min(first * 2.0 ** min(row.failures - 1, 20), most))
    if found.tries > len(AFTER):
        _die(work, found, words)
        return
    found.due_at = _later(work.now, found.tries)


def _is_throttled(trouble: Trouble) -> bool:
    return isinstance(trouble, Throttled) and not trouble.is_ours


def _later(now: datetime, tries: int) -> datetime:
    return now + timedelta(seconds=AFTER[tries - 1] * (1 - random.random() / 10))


def _die(work: Work, found: WebhookPost, words: str) -> None:
    """It is not tried any more, unless somebody wants it to."""
    found.state, found.error, found.settled_at, found.held_until = "DEAD", words, work.now, None
    work.session.flush()
    state = PostRead.model_validate(found).model_dump(mode="json", by_alias=True)
    data = {"integrationId": found.integration_id}
    work.emit(events.WebhookDead(subject_id=found.id, customer_id=found.customer_id, state=state, data=data))
