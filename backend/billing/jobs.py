"""Stripe is called by jobs, outside of any transaction."""

from collections.abc import Coroutine, Sequence
from datetime import datetime
from typing import Any

from backend.billing import accounts, change_carrying, inbox, relist, repository, scopes, syncing
from backend.billing.gateway import Gateway
from backend.billing.looking import Look
from backend.billing.mirror import Outcome
from backend.core.errors import Unprocessable
from backend.core.outside import Refused, Trouble
from backend.jobs.registry import JobContext, cron, job
from backend.work import Work

_RETRIES = 6
_TRIES = 3
"""After so many failures in a row a sync is a dead letter; the sweep of the next quarter of an hour begins another."""


@job(queue="outside", retries=_RETRIES, backoff_seconds=5, is_of_webhook=True)
async def process_object(ctx: JobContext, *, kind: str, id: str) -> None:
    """Look at what events told of, and settle all of them that have come by now."""
    waiting = await ctx.read(inbox.waiting, kind, id)
    if waiting is None:
        return
    since = ctx.runtime.clock.now()
    try:
        gateway = await accounts.reach(ctx)
    except Unprocessable as error:
        await ctx.write(inbox.ignore, waiting.row_ids, error.message)
        return
    try:
        if kind == "account":
            has_ended = gateway.door.account == id and await _has_ended(gateway)
            await ctx.write(inbox.settle, waiting.row_ids, _deauthorised, has_ended, since)
            return
        await Look(ctx, gateway, event_ids=waiting.row_ids, told_by=waiting.newest).at(kind, id)
    except Exception as error:
        if _is_end(error) and await ctx.write(_ended, waiting.row_ids, since):
            return
        if _is_refused_key(error):
            return  # they wait for the first sync that Stripe answers; that none does is told by the sync
        await ctx.write(inbox.note_failure, waiting.row_ids, error, is_last=ctx.attempt > _RETRIES)
        raise


@job(queue="outside", retries=_TRIES - 1, backoff_seconds=30)
async def sync(ctx: JobContext, *, is_full: bool = False) -> None:
    """Read what happened at Stripe since the last time, or everything."""
    await _noted(ctx, syncing.sync(ctx, is_full=is_full))


@job(queue="outside", retries=_TRIES - 1, backoff_seconds=30)
async def relist_account(ctx: JobContext) -> None:
    """Go on with reading everything again."""
    await _noted(ctx, relist.relist(ctx))


@job(queue="outside")
async def check_scopes(ctx: JobContext) -> None:
    """Try what the key may do, so that what is missing is told before it is needed."""
    missing = await scopes.missing_scopes(await accounts.reach(ctx))
    await ctx.write(accounts.note_scopes, missing)


@cron("*/15 * * * *")
@job()
async def sync_again(ctx: JobContext) -> None:
    """Find what no webhook told."""
    await ctx.write(syncing.want, is_full=False)


@cron("17 21 * * *")
@job()
async def sync_nightly(ctx: JobContext) -> None:
    """Read everything again."""
    await ctx.write(syncing.want, is_full=True)


@job(queue="outside", retries=8, backoff_seconds=5, timeout_seconds=change_carrying.TRY_AT_MOST)
async def carry_out(ctx: JobContext, *, change_id: str) -> None:
    """Bring a change that was asked for one try further."""
    await change_carrying.carry(ctx, change_id)


@cron("*/5 * * * *")
@job()
async def resume_changes(ctx: JobContext) -> None:
    """Go on with changes that a crash left behind."""
    await ctx.write(change_carrying.resume_stuck)


async def _noted(ctx: JobContext, work: Coroutine[Any, Any, None]) -> None:
    """What Stripe says when it does not do it stands in the account's row, until it does."""
    since = ctx.runtime.clock.now()
    try:
        await work
    except Trouble as trouble:
        if _is_end(trouble) and await ctx.write(_has_lost, since):
            return
        is_told = _is_refused_key(trouble) and await ctx.read(_is_known, str(trouble))
        await ctx.write(_note, str(trouble))
        if is_told and ctx.attempt == 1:
            return  # one dead letter says it, not four an hour
        raise


def _note(work: Work, words: str) -> None:
    repository.note_trouble(work.session, work.business_id, words, work.now)


def _is_known(work: Work, words: str) -> bool:
    """Whether Stripe said the same last time."""
    row = repository.account(work.session, work.business_id)
    return row is not None and row.error == words


async def _has_ended(gateway: Gateway) -> bool:
    """Whether we have no access any more. That somebody took it away may be told after it was given again, here or to
    another business: so Stripe is asked."""
    try:
        await gateway.page("events", limit=1)
    except Refused as refused:
        if not _is_end(refused):
            raise
        return True
    return False


def _is_end(trouble: Exception) -> bool:
    """Whether Stripe lets us in no more, or never did."""
    return isinstance(trouble, Refused) and trouble.code == "account_invalid"


def _is_refused_key(trouble: Exception) -> bool:
    """Whether Stripe takes our key no more: it was revoked, or has expired."""
    return isinstance(trouble, Refused) and trouble.status == 401


def _has_lost(work: Work, since: datetime) -> bool:
    """End the connection, unless it has ended. False when it was made anew since we began to ask: another try sees that."""
    return accounts.lose(work, since) or not accounts.is_connected(work)


def _ended(work: Work, row_ids: Sequence[str], since: datetime) -> bool:
    """The same, and nothing that these events tell of can be seen any more."""
    if has_lost := _has_lost(work, since):
        inbox.ignore(work, row_ids, accounts.NOT_CONNECTED)
    return has_lost


def _deauthorised(work: Work, has_ended: bool, since: datetime) -> Outcome:
    return "applied" if has_ended and accounts.lose(work, since) else "unchanged"
