"""Counting and reporting, again and again."""

from backend.analytics import counting, report
from backend.identity.events import BusinessChanged
from backend.jobs.registry import JobContext, cron, job, on
from backend.unit import Units


async def _count(ctx: JobContext) -> None:
    await counting.catch_up(Units(ctx.runtime, ctx.business_id, request_id=ctx.request_id))


@cron("*/15 * * * *")
@job(queue="slow")
async def roll_up(ctx: JobContext) -> None:
    """Count what is new, and roll up each local day of the business within a quarter of an hour of its end."""
    await _count(ctx)


@on(BusinessChanged)
@job(queue="slow")
async def follow_zone(ctx: JobContext, *, event_id: str, seq: int) -> None:
    """The business may have moved to another zone: its days are others."""
    await _count(ctx)


@cron("20 * * * *")
@job(queue="slow")
async def report_friction(ctx: JobContext) -> None:
    """In the first hour of a local Monday, or as soon as possible after it: report the week before."""
    await _count(ctx)
    if await ctx.read(report.is_due):
        await ctx.write(report.keep_weekly)
