"""Webhooks are understood after they were answered."""

from backend.integrations import service
from backend.jobs.registry import JobContext, job


@job(retries=5)
async def process_delivery(ctx: JobContext, *, delivery_id: str) -> None:
    """Apply what a kept webhook tells, once, whatever happens to this process."""
    try:
        await ctx.write(service.process, delivery_id)
    except Exception as error:
        await ctx.write(service.note_failure, delivery_id, error)
        raise
