"""Alerts are raised after what they are about was committed, and sent when it is time."""

from collections.abc import Callable

from backend.alerts import dispatch as outside
from backend.alerts import following, service
from backend.alerts.causes import READS, Read
from backend.alerts.following import FOLLOWED, Follow
from backend.delivery.channels import installed
from backend.events.event import Event
from backend.jobs.events import JobDied
from backend.jobs.registry import JobContext, cron, job, on


@on(*READS)
@job()
async def tell(ctx: JobContext, *, event_id: str, seq: int) -> None:
    """Tell whom an event concerns."""
    await ctx.write(service.raise_for, seq, tuple(installed(ctx.runtime.settings)))


@cron("*/15 * * * *")
@on(*(event for event in FOLLOWED if event is not JobDied))
@job(is_gathering=True)
async def gather(ctx: JobContext, *, seq: int | None = None) -> None:
    """Tell of all that has come by the thousand since the last time; of a job that died, within a quarter of an hour."""
    while await ctx.write(following.follow, seq, tuple(installed(ctx.runtime.settings))):
        pass


def also_follow(event: type[Event], read: Follow) -> None:
    """Tell of such events of a slice above this one, too."""
    FOLLOWED[event] = read
    on(event)(gather)


@job()
async def dispatch(ctx: JobContext, *, destination: str) -> None:
    """Write the letter that tells what waits for one place."""
    await ctx.write(outside.dispatch, destination)


@job()
async def look_again(ctx: JobContext, *, seq: int, after_minutes: int, role: str, ways: list[str]) -> None:
    """Tell others when nobody has read it."""
    then = {"afterMinutes": after_minutes, "role": role, "ways": ways}
    await ctx.write(service.raise_unread, seq, then, tuple(installed(ctx.runtime.settings)))


def tells_of(event: type[Event]) -> Callable[[Read], Read]:
    """Raise what the function below says comes of such an event: for slices above this one."""

    def declare(read: Read) -> Read:
        READS[event] = read
        on(event)(tell)
        return read

    return declare
