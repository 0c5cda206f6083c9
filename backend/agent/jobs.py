"""What happens later, or by itself: approvals expire, work finds an owner, what an agent left is offered again."""

from backend.agent import approvals, fair, offers
from backend.incidences.events import IncidenceClosed
from backend.jobs.registry import JobContext, cron, job, on


@job()
async def expire_approval(ctx: JobContext, *, approval_id: str) -> None:
    """End an approval at its second, if nobody has decided it."""
    await ctx.write(approvals.expire, approval_id)


@on(IncidenceClosed)
@job()
async def withdraw_approvals(ctx: JobContext, *, event_id: str, seq: int) -> None:
    """A case was closed: nobody need decide what was asked for in it."""
    await ctx.write(approvals.withdraw_closed, seq)


@job()
async def assign(ctx: JobContext) -> None:
    """Give what nobody has to those who have room, until nobody has, or nothing waits."""
    turn = await ctx.write(fair.assign)
    while not turn.is_over:
        turn = await ctx.write(fair.assign, turn.at)


@job()
async def offer_work(ctx: JobContext, *, member_id: str) -> None:
    """The grace of a member who is gone is over."""
    for incidence_id in await ctx.read(offers.due_of, member_id):
        await ctx.write(offers.offer, incidence_id)


@job()
async def offer_case(ctx: JobContext, *, incidence_id: str) -> None:
    """A customer wrote to a member who is gone, and has waited for the grace."""
    await ctx.write(offers.offer, incidence_id)


@cron("*/5 * * * *")
@job()
async def sweep(ctx: JobContext) -> None:
    """Find what a crash may have left: work of members long gone, and work that nobody was given."""
    for member_id in await ctx.read(offers.forgotten):
        await offer_work.run(ctx, member_id=member_id)
    await assign.run(ctx)
