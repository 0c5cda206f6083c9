"""What happens to incidences later: snoozes end, channels escalate, friction opens cases."""

from backend.customers.events import CustomerChanged
from backend.identity.events import BusinessChanged
from backend.incidences import bulk, channels, escalation, friction, orders, service, sla_timers, upset, wanted_help
from backend.incidences.events import Escalated
from backend.jobs.registry import JobContext, job, on
from backend.notifications.events import NotificationAccepted
from backend.rules.events import RulesPublished
from backend.signals.events import HelpOffered, OrderPlaced


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


@job()
async def watch_sla(ctx: JobContext, *, incidence_id: str) -> None:
    """Tell of a target that is near or was missed, at its second."""
    await ctx.write(sla_timers.watch, incidence_id)


@on(RulesPublished, BusinessChanged)
@job()
async def follow_policy(ctx: JobContext, *, event_id: str, seq: int) -> None:
    """Bring open cases to another policy or zone, page by page, so that nobody waits for a long queue."""
    if await ctx.read(sla_timers.moves_clocks, seq):
        after: int | None = 0
        while after is not None:
            after = await ctx.write(sla_timers.follow_policy, after)


@on(CustomerChanged)
@job()
async def follow_customer(ctx: JobContext, *, event_id: str, seq: int) -> None:
    """Bring a customer's open cases to what their tier is promised."""
    await ctx.write(sla_timers.follow_customer, seq)


@job()
async def run_bulk(ctx: JobContext, *, bulk_id: str) -> None:
    """Go on with a verb on many cases, a short transaction at a time, to its end."""
    while await ctx.write(bulk.advance, bulk_id):
        pass


@on(Escalated)
@job()
async def follow_upset(ctx: JobContext, *, event_id: str, seq: int) -> None:
    """A customer is so upset that their case was handed up."""
    await ctx.write(upset.note_upset, seq)


@on(HelpOffered)
@job()
async def open_for_friction(ctx: JobContext, *, event_id: str, seq: int) -> None:
    """A customer's friction score went over the limit: route it and open a case, once per visit."""
    await ctx.write(friction.open_for_help, seq)


@on(NotificationAccepted)
@job()
async def open_for_accepted(ctx: JobContext, *, event_id: str, seq: int) -> None:
    """A customer accepted help: open a case, or note it on the one that is open."""
    await ctx.write(wanted_help.open_for_accepted, seq)


@on(OrderPlaced)
@job()
async def close_for_order(ctx: JobContext, *, event_id: str, seq: int) -> None:
    """An order was placed: what the customer needed before it is over."""
    await ctx.write(orders.close_converted, seq)
