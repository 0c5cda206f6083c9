"""Letters leave outside of any transaction."""

from backend.delivery import carrier
from backend.jobs.registry import GiveUp, JobContext, job


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
