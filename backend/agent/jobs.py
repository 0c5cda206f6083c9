"""What becomes of approvals later: they expire, and go when their case is closed."""

from backend.agent import approvals
from backend.incidences.events import IncidenceClosed
from backend.jobs.registry import JobContext, job, on


@job()
async def expire_approval(ctx: JobContext, *, approval_id: str) -> None:
    """End an approval at its second, if nobody has decided it."""
    await ctx.write(approvals.expire, approval_id)


@on(IncidenceClosed)
@job()
async def withdraw_approvals(ctx: JobContext, *, event_id: str, seq: int) -> None:
    """A case was closed: nobody need decide what was asked for in it."""
    await ctx.write(approvals.withdraw_closed, seq)
