"""What happens to incidences later: snoozes end, channels escalate, friction opens cases."""

from backend.incidences import channels, escalation, friction, service
from backend.jobs.registry import JobContext, job, on
from backend.signals.events import HelpOffered


@job()
async def end_snooze(ctx: JobContext, *, incidence_id: str) -> None:
    """Wake a snoozed case at its second."""
    await ctx.write(service.end_snooze, incidence_id)


@job()
async def escalate_channel(ctx: JobContext, *, incidence_id: str) -> None:
    """Give an unresolved case the next channel when its time is up."""
    await ctx.write(channels.escalate_unresolved, incidence_id)


@job()
async def climb(ctx: JobContext, *, incidence_id: str) -> None:
    """Hand up a case that is unresolved for too long, or whose escalation nobody has acknowledged."""
    await ctx.write(escalation.climb, incidence_id)


@on(HelpOffered)
@job()
async def open_for_friction(ctx: JobContext, *, event_id: str, seq: int) -> None:
    """A customer's friction score went over the limit: route it and open a case, once per visit."""
    await ctx.write(friction.open_for_help, seq)
