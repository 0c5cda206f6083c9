"""Letters leave outside of any transaction."""

from backend.delivery import carrier, pruning
from backend.jobs.registry import GiveUp, JobContext, cron, job


@job(queue="outside", timeout_seconds=150)
async def send(ctx: JobContext, *, letter_id: str) -> None:
    """Send a letter once. What is tried again is a row with a later instant; what failed for good, a dead letter."""
    runtime = ctx.runtime
    step = await ctx.write(carrier.take, letter_id, ctx.job_id, runtime.vault, runtime.settings)
    if step is None:
        return
    if isinstance(step, str):
        raise GiveUp(step)
    outcome = await carrier.send(step, runtime.outside)
    runtime.meters.letter(step.kind, outcome.what)
    if failure := await ctx.write(carrier.settle, step, ctx.job_id, outcome):
        raise GiveUp(failure)


@cron("45 21 * * *")
@job(queue="slow")
async def forget(ctx: JobContext) -> None:
    """Forget letters that were over long ago."""
    while await ctx.write(pruning.forget_letters, ctx.runtime.settings.keep_letters_days):
        pass
