"""Learn from what was paid, once a night: each run's money first, then what the ranking knows of each offer."""

from backend.jobs.registry import JobContext, cron, job
from backend.retention import learning, rewards


@cron("40 2 * * *")
@job(queue="slow")
async def learn(ctx: JobContext) -> None:
    """Runs are counted some at a time, so that other writes get in between."""
    after: str | None = ""
    while after is not None:
        after = await ctx.write(rewards.mature, after)
    await ctx.write(learning.count_arms)
