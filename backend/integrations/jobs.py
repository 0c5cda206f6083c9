"""Webhooks are understood after they were answered; platforms are called outside of any transaction."""

from typing import Any

from backend.alerts.causes import Notice
from backend.alerts.jobs import also_follow
from backend.integrations import arrivals, carrier, connections, outgoing, repository, service, sweep, sync
from backend.integrations.events import OutgoingFailed
from backend.integrations.importing import imports
from backend.integrations.webhooks import posts, sending
from backend.jobs.following import FOLLOWERS, Follower
from backend.jobs.registry import JobContext, cron, job

_TAKEN = {"MESSAGE": "a message", "NOTE": "a note", "ASSIGN": "who has a case", "STATUS": "how a case stands"}


def _unsent(row: Any, data: dict[str, Any]) -> Notice | None:
    """Without the platform's own words, which may quote the customer: one alert tells of several."""
    what = _TAKEN.get(data.get("kind", ""), "what is known of a case")
    message = f"{data.get('platform', 'a platform')} did not take {what}; the case says why"
    return Notice("INTEGRATION_FAILING", message, severity="danger")


also_follow(OutgoingFailed, _unsent)


@job(retries=5, is_of_webhook=True)
async def process_delivery(ctx: JobContext, *, delivery_id: str) -> None:
    """Apply what a kept webhook tells, once, whatever happens to this process."""
    try:
        await ctx.write(service.process, delivery_id)
    except Exception as error:
        await ctx.write(service.note_failure, delivery_id, error)
        raise


@job(retries=5)
async def process_arrival(ctx: JobContext, *, delivery_id: str) -> None:
    """Apply what a kept webhook of another system tells, once."""
    try:
        await arrivals.process(ctx, delivery_id)
    except Exception as error:
        await ctx.write(service.note_failure, delivery_id, error)
        raise


@job(queue="outside")
async def carry(ctx: JobContext, *, platform: str, conversation_id: str) -> None:
    """Make the calls that a conversation waits for, one after the other."""
    while step := await ctx.write(carrier.take, platform, conversation_id, ctx.job_id, ctx.runtime.vault):
        outcome = await carrier.make(step, ctx.runtime.outside)
        await ctx.write(carrier.settle, step, ctx.job_id, outcome)


@job(queue="outside")
async def sweep_integration(ctx: JobContext, *, integration_id: str) -> None:
    """Read back what changed at one connection."""
    await (sync.sync if await ctx.read(sync.is_read, integration_id) else sweep.sweep)(ctx, integration_id)


@job(queue="outside", retries=5, backoff_seconds=30)
async def read_conversation(ctx: JobContext, *, platform: str, conversation_id: str) -> None:
    """A platform told of a conversation whose first message it dropped."""
    await sweep.read_unknown(ctx, platform, conversation_id)


@job()
async def tell_endpoints(ctx: JobContext) -> None:
    """Decide what endpoints are told of what happened since."""
    while await ctx.write(posts.follow):
        pass


FOLLOWERS.append(Follower(tell_endpoints.name, repository.with_endpoints))


@job(queue="outside", retries=5)
async def post_webhooks(ctx: JobContext, *, integration_id: str) -> None:
    """Post what an endpoint is to be told."""
    while steps := await ctx.write(sending.take, integration_id, ctx.runtime.vault):
        outcomes = await sending.send_all(steps, ctx.runtime.outside)
        await ctx.write(sending.settle, integration_id, outcomes)


@job()
async def drop_old_secret(ctx: JobContext, *, integration_id: str) -> None:
    """A day after an endpoint got another secret."""
    await ctx.write(connections.drop_old_secret, integration_id, ctx.runtime.vault)


@job(queue="slow", retries=5)
async def run_import(ctx: JobContext, *, import_id: str) -> None:
    """Bring in the customers of a file, part by part."""
    while await ctx.write(imports.step, import_id):
        pass


@cron("*/15 * * * *")
@job()
async def reconcile(ctx: JobContext) -> None:
    """Repair what platforms dropped, and go on with what a crash left behind."""
    await ctx.write(sweep.begin_all)
    while await ctx.write(posts.follow):
        pass
    await ctx.write(outgoing.resume_left)
    await ctx.write(posts.resume_left)
