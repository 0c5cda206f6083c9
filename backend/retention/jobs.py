"""Runs end by what Stripe shows, and by their time being up; each night it is learned what they brought."""

from backend.billing.events import ChangeDone, ChangeFailed, ChangeMismatched
from backend.events import log
from backend.jobs.registry import JobContext, job, on
from backend.retention import concluding
from backend.retention.nightly import learn as learn
from backend.work import Work


@job()
async def expire_run(ctx: JobContext, *, run_id: str) -> None:
    """A run in which nothing was decided for long is abandoned."""
    await ctx.write(concluding.expire, run_id)


@on(ChangeDone, ChangeFailed, ChangeMismatched)
@job(retries=5)
async def take_in(ctx: JobContext, *, event_id: str, seq: int) -> None:
    """What came of a change ends the run that asked for it, or lets it go on."""
    await ctx.write(_take_in, seq)


def _take_in(work: Work, seq: int) -> None:
    (event,) = log.after(work.session, work.business_id, seq - 1, 1)
    concluding.conclude_change(work, event.subject_id)
