"""Rating and predicting everybody each day, one customer at once, and learning each week."""

from backend.billing.events import PaymentFailed
from backend.jobs.registry import JobContext, cron, job, on
from backend.risk import churn, payments, service, training
from backend.risk.predicting import predict
from backend.rules.events import RulesPublished
from backend.unit import Units


async def _rate_everybody(ctx: JobContext) -> None:
    after = await ctx.write(service.rate_page, "")
    while after:
        after = await ctx.write(service.rate_page, after)


@cron("10 1 * * *")
@job(queue="slow")
async def rate_daily(ctx: JobContext) -> None:
    """Days go by without a signal: rate every customer anew, some hundreds in each transaction."""
    await _rate_everybody(ctx)


@on(RulesPublished)
@job(queue="slow")
async def rate_anew(ctx: JobContext, *, event_id: str, seq: int) -> None:
    """Other rules of risk are in force: so every score is another."""
    if await ctx.read(service.is_about_risk, seq):
        await _rate_everybody(ctx)


def _units(ctx: JobContext) -> Units:
    return Units(ctx.runtime, ctx.business_id, request_id=ctx.request_id)


@cron("40 1 * * *")
@job(queue="slow")
async def predict_daily(ctx: JobContext) -> None:
    """Predict for every customer, some hundreds in each transaction, after they were rated."""
    await churn.predict_everybody(_units(ctx))


@job()
async def predict_at_once(ctx: JobContext, *, customer_id: str) -> None:
    """Something significant happened to a customer."""
    await predict(_units(ctx), [customer_id])


@cron("20 2 * * 0")
@job(queue="slow", retries=1)
async def retrain_weekly(ctx: JobContext) -> None:
    """Learn anew, keep the better of old and new, and let it predict."""
    units = _units(ctx)
    if any(one.is_active for one in await training.retrain(units)):
        await churn.predict_everybody(units)


@on(PaymentFailed)
@job()
async def follow_payment(ctx: JobContext, *, event_id: str, seq: int) -> None:
    """A payment failed at Stripe: it counts as if the app had told it."""
    await ctx.write(payments.note_failure, seq)
