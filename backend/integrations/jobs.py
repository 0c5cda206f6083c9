"""Webhooks are understood after they were answered; platforms are called outside of any transaction."""

from backend.integrations import carrier, pruning, service, sweep
from backend.jobs.registry import JobContext, cron, job


@job(retries=5)
async def process_delivery(ctx: JobContext, *, delivery_id: str) -> None:
    """Apply what a kept webhook tells, once, whatever happens to this process."""
    try:
        await ctx.write(service.process, delivery_id)
    except Exception as error:
        await ctx.write(service.note_failure, delivery_id, error)
        raise


@job(queue="outside")
async def carry(ctx: JobContext, *, platform: str, conversation_id: str) -> None:
    """Make the calls that a conversation waits for, one after the other."""
    while step := await ctx.write(carrier.take, platform, conversation_id, ctx.job_id, ctx.runtime.vault):
        outcome = await carrier.make(step, ctx.runtime.outside)
        await ctx.write(carrier.settle, step, ctx.job_id, outcome)


@job(queue="outside")
async def sweep_integration(ctx: JobContext, *, integration_id: str) -> None:
    """Read back what changed at one connection."""
    await sweep.sweep(ctx, integration_id)


@job(queue="outside", retries=5, backoff_seconds=30)
async def read_conversation(ctx: JobContext, *, platform: str, conversation_id: str) -> None:
    """A platform told of a conversation whose first message it dropped."""
    await sweep.read_unknown(ctx, platform, conversation_id)


@cron("*/15 * * * *")
@job()
async def reconcile(ctx: JobContext) -> None:
    """Repair what platforms dropped."""
    await ctx.write(sweep.begin_all)


@cron("30 21 * * *")
@job(queue="slow")
async def forget(ctx: JobContext) -> None:
    """Forget calls that were made long ago, and the bodies of webhooks that were understood long ago."""
    settings = ctx.runtime.settings
    while await ctx.write(pruning.forget_sent, settings.keep_sent_days):
        pass
    while await ctx.write(pruning.forget_bodies, settings.keep_webhooks_days):
        pass
