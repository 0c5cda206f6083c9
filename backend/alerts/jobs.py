"""Alerts are raised after what they are about was committed."""

from collections.abc import Callable

from backend.alerts import service
from backend.alerts.causes import READS, Read
from backend.events.event import Event
from backend.jobs.registry import JobContext, cron, job, on


@on(*READS)
@job()
async def tell(ctx: JobContext, *, event_id: str, seq: int) -> None:
    """Tell whom an event concerns."""
    await ctx.write(service.raise_for, seq)


def tells_of(event: type[Event]) -> Callable[[Read], Read]:
    """Raise what the function below says comes of such an event: for slices above this one."""

    def declare(read: Read) -> Read:
        READS[event] = read
        on(event)(tell)
        return read

    return declare


@cron("40 21 * * *")
@job(queue="slow")
async def forget(ctx: JobContext) -> None:
    """Forget what was read long ago."""
    while await ctx.write(service.forget_read, ctx.runtime.settings.keep_read_alerts_days):
        pass
