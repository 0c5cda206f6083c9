"""What becomes of members later."""

from backend.identity import availability
from backend.jobs.registry import JobContext, job


@job()
async def go_offline(ctx: JobContext, *, member_id: str) -> None:
    """Nobody of theirs has connected again: they are OFFLINE."""
    await ctx.write(availability.go_offline, member_id)
