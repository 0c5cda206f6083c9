"""Rating everybody: each day, and when the rules are others."""

from backend.jobs.registry import JobContext, cron, job, on
from backend.risk import service
from backend.rules.events import RulesPublished


async def _rate_everybody(ctx: JobContext) -> None:
    after = await ctx.write(service.rate_page, "")
    while after:
        after = await ctx.write(service.rate_page, after)


@cron("10 1 * * *")
@job(queue="slow")
async def rate_daily(ctx: JobContext) -> None:
    """Days go by without a signal: rate every customer anew, some hundreds in each transaction."""
    await _rate_everybody(ctx)


@on(RulesPublished)
@job(queue="slow")
async def rate_anew(ctx: JobContext, *, event_id: str, seq: int) -> None:
    """Other rules of risk are in force: so every score is another."""
    if await ctx.read(service.is_about_risk, seq):
        await _rate_everybody(ctx)
