"""A backup every night, checked by opening it."""

import asyncio

from backend.backup import copying
from backend.jobs.registry import JobContext, cron, job


@cron("10 21 * * *", scope="installation")
@job(queue="slow", retries=2, backoff_seconds=600, timeout_seconds=7_200)
async def back_up(ctx: JobContext) -> None:
    """Copy everything, open the copy, and forget the oldest."""
    if ctx.runtime.settings.keep_backups > 0:
        await asyncio.to_thread(copying.nightly, ctx.runtime.settings, ctx.runtime.clock)
