"""What becomes of members later."""

from backend.identity import availability, pruning
from backend.jobs.registry import JobContext, cron, job


@job()
async def go_offline(ctx: JobContext, *, member_id: str) -> None:
    """Nobody of theirs has connected again: they are OFFLINE."""
    await ctx.write(availability.go_offline, member_id)


@cron("10 21 * * *")
@job(queue="slow")
async def forget(ctx: JobContext) -> None:
    """Forget answers that nobody asks for again, and sign-ins that are long over."""
    settings = ctx.runtime.settings
    while await ctx.write(pruning.forget_answers, settings.keep_answers_days):
        pass
    while await ctx.write(pruning.forget_sign_ins, settings.keep_sign_ins_days):
        pass
