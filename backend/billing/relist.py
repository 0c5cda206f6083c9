"""Reading everything again: what webhooks dropped is repaired, and what Stripe no longer has is found.

Page by page, and the place is kept after each: a kill costs a page at most, which read twice changes nothing, and memory
never holds more than one.
"""

import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from backend.billing import accounts, events, mirror, repository
from backend.billing.gateway import Gateway
from backend.billing.models import StripeAccount
from backend.billing.relist_place import DAY, Place, after, anew
from backend.billing.relist_stages import MAY_LACK, STEPS, progress
from backend.core.errors import Unprocessable
from backend.core.outside import Refused
from backend.jobs.registry import JobContext
from backend.work import Work

PAGES_AT_ONCE = 20
SECONDS_AT_ONCE = 5.0
"""After so many steps, or so long, a job ends, and the next one goes on: a short job seldom dies twice."""
RECENT_DAYS, ALL_DAYS = 7, 90
"""How far back what is billed and paid is read each night, and when an account is read for the first time."""
MOST_DAYS = 400
"""An account that nobody read for longer is read as far back as that, but no further than this: what an offer was worth
looks back for 300 days (`retention.rewards`)."""


async def relist(ctx: JobContext) -> None:
    """Go on from the place that is kept, to the end or for a while."""
    try:
        gateway = await accounts.reach(ctx)
    except Unprocessable:
        return  # disconnected meanwhile
    until = time.monotonic() + SECONDS_AT_ONCE
    for _ in range(PAGES_AT_ONCE):
        if time.monotonic() > until:
            break
        place: Place | None = await ctx.read(place_of)
        if place is None:
            return
        try:
            following = await STEPS[place.stage](ctx, gateway, place)
        except Refused as refused:
            if refused.code == "more_permissions_required" and place.stage in MAY_LACK:
                following = after(place, None, MAY_LACK[place.stage])
            elif place.cursor is not None and refused.code == "resource_missing":
                following = anew(place)
            else:
                raise
        if not await ctx.write(_onwards, place, following):
            return  # another job has gone on from here
        if following.stage == "done":
            return
    await ctx.write(go_on)


async def begin(ctx: JobContext, gateway: Gateway, *, days: int) -> None:
    """Begin a re-list, unless one of the last day is under way: then that one goes on."""
    newest, _ = await gateway.page("events", limit=1)
    until = int(newest[0]["created"]) if newest else None
    await ctx.write(_begin, until, days)


def place_of(work: Work) -> Place | None:
    """Where the re-list is; None when none is under way."""
    row = repository.account(work.session, work.business_id)
    return Place(**row.relist) if row is not None and row.relist else None


def go_on(work: Work) -> None:
    work.enqueue("billing.relist_account", key="stripe-relist")


def _begin(work: Work, events_until: int | None, days: int) -> None:
    row = _account(work)
    if row.disconnected_at is not None:
        return
    if not row.relist or work.now - max(row.answered_at or work.now, _began(row)) > timedelta(days=1):
        now = work.now.timestamp()
        newest = int(now) if events_until is None else events_until  # by Stripe's clock, where it tells one
        look = mirror.draw_look(work)
        row.relist = asdict(
            Place("prices", None, look, newest - days * DAY, now, events_until, 0, row.relisted_at is None)
        )
    go_on(work)


def _began(row: StripeAccount) -> datetime:
    return datetime.fromtimestamp((row.relist or {})["began"], UTC)


def _onwards(work: Work, place: Place, following: Place) -> bool:
    """Keep the next place, if the last one is still where we were."""
    row = _account(work)
    if row.relist != asdict(place):
        return False
    row.answered_at, row.error = work.now, None
    row.relist = asdict(following)
    if following.stage == "done":
        row.relist, row.relisted_at = None, work.now
        told = {"accountId": row.stripe_account_id, "objects": following.done, "isFirst": following.is_first}
        work.emit(events.AccountRead(subject_id=row.id, data=told))
        if row.events_read_until is None or row.synced_at is None or work.now - row.synced_at > timedelta(days=29):
            until = following.events_until
            row.events_read_until = datetime.fromtimestamp(until, UTC) if until else None
            row.synced_at = datetime.fromtimestamp(following.began, UTC)
    return True


def _account(work: Work) -> StripeAccount:
    row = repository.account(work.session, work.business_id)
    assert row is not None  # a gateway was reached
    work.session.refresh(row, with_for_update=True)
    return row


def summary(row: StripeAccount) -> dict[str, Any] | None:
    """What is being read, for people."""
    if not row.relist:
        return None
    place = Place(**row.relist)
    began = datetime.fromtimestamp(place.began, UTC)
    what = place.stage.replace("_", " ")
    return {"what": what, "done": place.done, "progress": progress(place), "began_at": began}
