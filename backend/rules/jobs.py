"""Once a night, what was kept long enough is forgotten."""

from collections import Counter

from backend.core.pruning import KEPT
from backend.jobs.registry import JobContext, cron, job
from backend.rules import keeping


@cron("10 21 * * *")
@job(queue="slow")
async def forget(ctx: JobContext) -> None:
    """Everything in turn, some rows in each transaction; then it is told how many."""
    counts: Counter[str] = Counter()
    for name in KEPT:
        place: str | None = ""
        while place is not None:
            count, place = await ctx.write(keeping.step, name, place)
            counts[name] += count
    await ctx.write(keeping.note, dict(counts))
