"""Numbers every hour, recommendations every day, and both as soon as an account was read."""

from backend.billing import takings
from backend.billing.events import AccountRead
from backend.delivery import channels
from backend.finance import advising, digest, keeping
from backend.jobs.registry import JobContext, cron, job, on
from backend.rules.events import RulesPublished
from backend.work import Work


@cron("4 * * * *")
@job(queue="slow")
async def compute_metrics(ctx: JobContext) -> None:
    """Roll up the days that are over, keep the metrics of the hour, and go on with readiness."""
    if not await ctx.read(keeping.has_numbers):
        return
    while await ctx.write(takings.roll_up):
        pass
    await ctx.write(_keep_metrics)


@job(queue="slow")
async def compute_readiness(ctx: JobContext) -> None:
    """Keep the score that follows from the metrics."""
    await ctx.write(_keep_readiness)


@cron("20 3 * * *")
@job(queue="slow")
async def generate_recommendations(ctx: JobContext) -> None:
    """Run the rules on the numbers, and forget hours of long ago."""
    await ctx.write(_advise)
    await ctx.write(keeping.prune)


@cron("40 3 * * *")
@job()
async def send_notification_digest(ctx: JobContext) -> None:
    """Mail owners and admins what is new."""
    await ctx.write(digest.send, tuple(channels.installed(ctx.runtime.settings)))


@on(AccountRead)
@job(queue="slow")
async def follow_account(ctx: JobContext, *, event_id: str, seq: int) -> None:
    """Everything was read: nobody waits for the next hour to see it."""
    await compute_metrics.run(ctx)
    await ctx.write(_keep_readiness)
    await ctx.write(_advise)


@on(RulesPublished)
@job(queue="slow")
async def follow_rules(ctx: JobContext, *, event_id: str, seq: int) -> None:
    """Other rules, another score: the score of now is kept by them."""
    await ctx.write(_keep_readiness)


def _keep_metrics(work: Work) -> None:
    keeping.keep_metrics(work)
    work.enqueue(compute_readiness, key="readiness")


def _keep_readiness(work: Work) -> None:
    keeping.keep_readiness(work)


def _advise(work: Work) -> None:
    advising.refresh(work)
