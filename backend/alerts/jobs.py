"""Alerts are raised after what they are about was committed."""

from backend.alerts import service
from backend.alerts.causes import READS
from backend.jobs.registry import JobContext, job, on


@on(*READS)
@job()
async def tell(ctx: JobContext, *, event_id: str, seq: int) -> None:
    """Tell whom an event concerns."""
    await ctx.write(service.raise_for, seq)
