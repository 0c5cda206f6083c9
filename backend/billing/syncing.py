"""The reading of Stripe's list of events: what no webhook told is found within a quarter of an hour."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import update

from backend.billing import accounts, inbox, relist, repository
from backend.billing.gateway import Gateway
from backend.billing.models import StripeAccount
from backend.core.errors import Unprocessable
from backend.jobs.registry import JobContext
from backend.work import Work

OVERLAP_SECONDS = 600
"""Events may show in the list a little after others that happened later."""
EVENTS_LAST = timedelta(days=29)
"""Stripe lists events for 30 days: whoever was away for longer has to list everything."""
STUCK_AFTER = timedelta(minutes=10)
TYPES = (
    (
        "customer.subscription.created customer.subscription.updated customer.subscription.deleted"
        " customer.subscription.paused customer.subscription.resumed customer.subscription.trial_will_end"
        " subscription_schedule.created subscription_schedule.updated subscription_schedule.released"
        " subscription_schedule.canceled subscription_schedule.completed subscription_schedule.aborted"
    ).split(),
    (
        "invoice.paid invoice.payment_failed invoice.finalized invoice.voided invoice.marked_uncollectible"
        " charge.failed charge.refunded charge.dispute.created charge.dispute.updated charge.dispute.closed"
        " customer.updated customer.deleted price.created price.updated price.deleted product.updated"
    ).split(),
    (
        "charge.succeeded charge.captured charge.updated charge.expired charge.dispute.funds_withdrawn"
        " charge.dispute.funds_reinstated refund.created refund.updated refund.failed"
        " payout.created payout.updated payout.paid payout.failed payout.canceled payout.reconciliation_completed"
    ).split(),
)
"""Stripe takes twenty types in one question."""


async def sync(ctx: JobContext, *, is_full: bool) -> None:
    """Read what happened since the last time; everything, when that is too long ago or `is_full`."""
    try:
        gateway = await accounts.reach(ctx)
    except Unprocessable:
        return  # nothing is connected (any more)
    account: tuple[datetime | None, int] = await ctx.read(_read_until, ctx.runtime.clock.now())
    until, days = account
    if not days:
        await read_events(ctx, gateway, until)
    if days or is_full:
        await relist.begin(ctx, gateway, days=days or relist.RECENT_DAYS)
    else:
        await ctx.write(_go_on_with_left)
    await ctx.write(_want_stuck)


async def read_events(ctx: JobContext, gateway: Gateway, until: datetime | None) -> int:
    """Keep the events since `until` that no webhook told; how many. The place moves when all of them are on disk, and not
    past the beginning: what happened since may be of a type that had been read."""
    began = ctx.runtime.clock.now()
    since = {"created": {"gte": int(until.timestamp()) - OVERLAP_SECONDS}} if until else {}
    newest, found_new = until, 0
    for types in TYPES:
        after: str | None = None
        while True:
            page, after = await gateway.page("events", after, types=list(types), **since)
            found_new += await ctx.write(inbox.keep_listed, page, gateway.door.account or "")
            instants = [datetime.fromtimestamp(event["created"], UTC) for event in page]
            newest = max([*instants, *([newest] if newest else [])], default=None)
            if after is None:
                break
    await ctx.write(_read_on, newest and min(newest, began))
    return found_new


def want(work: Work, *, is_full: bool) -> str | None:
    """Want a sync now, when an account is or may be connected; the job's key."""
    row = repository.account(work.session, work.business_id)
    if row is not None and row.disconnected_at is not None:
        return None
    return accounts.want_sync(work, is_full=is_full)


def _read_until(work: Work, now: datetime) -> tuple[datetime | None, int]:
    """(up to when events were read, how many days back everything has to be listed; none when the events tell)."""
    row = repository.account(work.session, work.business_id)
    if row is None or row.synced_at is None:
        return None, relist.ALL_DAYS
    if row.relisted_at is not None and now - row.synced_at <= EVENTS_LAST:
        return row.events_read_until, 0
    away = (now - row.synced_at).days + relist.RECENT_DAYS
    return row.events_read_until, min(max(away, relist.ALL_DAYS), relist.MOST_DAYS)


def _read_on(work: Work, newest: datetime | None) -> None:
    mine = StripeAccount.business_id == work.business_id
    values: dict[str, Any] = {"synced_at": work.now, "answered_at": work.now, "error": None}
    if newest is not None:
        values["events_read_until"] = newest
    statement = update(StripeAccount).where(mine).values(**values)
    work.session.execute(statement.execution_options(synchronize_session=False))


def _want_stuck(work: Work) -> None:
    inbox.want_waiting(work, before=work.now - STUCK_AFTER)


def _go_on_with_left(work: Work) -> None:
    """Go on with a re-list that a dead letter left in its midst; one that runs is not disturbed."""
    if relist.place_of(work) is not None:
        relist.go_on(work)
