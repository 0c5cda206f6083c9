"""Reading everything again: what webhooks dropped is repaired, and what Stripe no longer has is found.

Page by page, and the place is kept after each: a kill costs a page at most, which read twice changes nothing, and memory
never holds more than one.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from backend.billing import accounts, mirror, normal, payments, plans, repository
from backend.billing.gateway import PAGE, Gateway, Shown
from backend.billing.looking import Look
from backend.billing.mirror import Keeping
from backend.billing.models import Dispute, Invoice, StripeAccount, Subscription
from backend.billing.state import ENDED
from backend.core.outside import Refused
from backend.jobs.registry import JobContext
from backend.work import Work

PAGES_AT_ONCE = 20
"""After so many steps a job ends, and the next one goes on."""
RECENT_DAYS, ALL_DAYS = 7, 90
"""How far back invoices, disputes and refunds are read each night, and when an account is read for the first time."""
_KEPT = ("data.customer.invoice_settings.default_payment_method", "data.default_payment_method")
EXPANDED = (*_KEPT, "data.discounts.source.coupon", "data.schedule", "data.latest_invoice")


@dataclass(frozen=True)
class Place:
    """Where a re-list is. `look` was drawn when it began: what no later look has seen by the end is missing."""

    stage: str
    cursor: str | None
    look: int
    since: int
    """Stripe's second from which on invoices, disputes and refunds are read."""
    began: float
    events_until: int | None
    """`created` of the newest event when it began."""
    done: int = 0


Step = Callable[[JobContext, Gateway, Place], Awaitable[Place]]


async def relist(ctx: JobContext) -> None:
    """Go on from the place that is kept, to the end or for a while."""
    gateway = await accounts.reach(ctx)
    for _ in range(PAGES_AT_ONCE):
        place: Place | None = await ctx.read(place_of)
        if place is None:
            return
        try:
            following = await STEPS[place.stage](ctx, gateway, place)
        except Refused as refused:
            if place.cursor is None or refused.code != "resource_missing":
                raise
            following = replace(place, cursor=None)  # what the page began after is gone: the stage begins anew
        if not await ctx.write(_onwards, place, following):
            return  # another job has gone on from here
        if following.stage == "done":
            return
    await ctx.write(go_on)


async def begin(ctx: JobContext, gateway: Gateway, *, days: int) -> None:
    """Begin a re-list, unless one of the last day is under way: then that one goes on."""
    newest, _ = await gateway.page("events", limit=1)
    until = int(newest[0]["created"]) if newest else None
    await ctx.write(_begin, until, days)


def place_of(work: Work) -> Place | None:
    """Where the re-list is; None when none is under way."""
    row = repository.account(work.session, work.business_id)
    return Place(**row.relist) if row is not None and row.relist else None


def go_on(work: Work) -> None:
    work.enqueue("billing.relist_account", key="stripe-relist")


def _begin(work: Work, events_until: int | None, days: int) -> None:
    row = _account(work)
    is_stuck = row.relist and work.now - datetime.fromtimestamp(row.relist["began"], UTC) > timedelta(days=1)
    if not row.relist or is_stuck:
        now = work.now.timestamp()
        newest = int(now) if events_until is None else events_until  # by Stripe's clock, where it tells one
        look = mirror.draw_look(work)
        row.relist = asdict(Place("prices", None, look, newest - days * 86_400, now, events_until))
    go_on(work)


def _onwards(work: Work, place: Place, following: Place) -> bool:
    """Keep the next place, if the last one is still where we were."""
    row = _account(work)
    if row.relist != asdict(place):
        return False
    row.answered_at, row.error = work.now, None
    row.relist = asdict(following)
    if following.stage == "done":
        row.relist, row.relisted_at = None, work.now
        if row.events_read_until is None or row.synced_at is None or work.now - row.synced_at > timedelta(days=29):
            until = following.events_until
            row.events_read_until = datetime.fromtimestamp(until, UTC) if until else None
            row.synced_at = datetime.fromtimestamp(following.began, UTC)
    return True


def _account(work: Work) -> StripeAccount:
    row = repository.account(work.session, work.business_id)
    assert row is not None  # a gateway was reached
    work.session.refresh(row, with_for_update=True)
    return row


def _after(place: Place, cursor: str | None, stage: str, done: int = 0) -> Place:
    """The next page, or when there is none, the next stage."""
    if cursor is None:
        return replace(place, stage=stage, cursor=None, done=place.done + done)
    return replace(place, cursor=cursor, done=place.done + done)


async def _prices(ctx: JobContext, gateway: Gateway, place: Place) -> Place:
    found, cursor = await gateway.page("prices", place.cursor, type="recurring", expand=["data.product"])
    await ctx.write(plans.keep_prices, [normal.price(raw) for raw in found])
    return _after(place, cursor, "subscriptions")


async def _subscriptions(ctx: JobContext, gateway: Gateway, place: Place) -> Place:
    look: int = await ctx.write(mirror.draw_look)
    found, cursor = await gateway.page("subscriptions", place.cursor, status="all", expand=list(EXPANDED))
    await Look(ctx, gateway).prepare(found)
    await ctx.write(_keep_subscriptions, found, look)
    return _after(place, cursor, "missing", len(found))


def _keep_subscriptions(work: Work, found: list[Shown], look: int) -> None:
    keeping = Keeping(work, look, is_news=mirror.is_read_whole(work))
    keeping.keep([normal.subscription(raw, work.now) for raw in found])


async def _missing(ctx: JobContext, gateway: Gateway, place: Place) -> Place:
    """What was not in the list is asked for one by one."""
    ids: list[str] = await ctx.read(_unseen, place)
    for id in ids:
        await Look(ctx, gateway).at("subscription", id)
    return _after(place, ids[-1] if len(ids) == PAGE else None, "invoices", 0)


def _unseen(work: Work, place: Place) -> list[str]:
    stripe_id = Subscription.stripe_subscription_id
    mine = (Subscription.business_id == work.business_id) & (Subscription.look < place.look)
    query = select(stripe_id).where(mine, Subscription.gone_at.is_(None), Subscription.status.not_in(ENDED))
    query = query.where(stripe_id > (place.cursor or "")).order_by(stripe_id).limit(PAGE)
    return list(work.session.scalars(query))


async def _invoices(ctx: JobContext, gateway: Gateway, place: Place) -> Place:
    """By windows of a day, the oldest first; the cursor is the day's number and the page in it."""
    number, _, after = (place.cursor or "0:").partition(":")
    day = int(number)
    starts = place.since + day * 86_400
    look: int = await ctx.write(mirror.draw_look)
    within = {"gte": starts, "lt": starts + 86_400}
    found, cursor = await gateway.page("invoices", after or None, created=within, expand=["data.payments"])
    await ctx.write(_keep_invoices, found, look)
    if cursor is not None:
        return _after(place, f"{day}:{cursor}", "", 0)
    is_last = starts + 86_400 > (place.events_until or place.began) + 86_400
    return _after(place, None if is_last else f"{day + 1}:", "open_invoices")


def _keep_invoices(work: Work, found: list[Shown], look: int) -> None:
    is_news = mirror.is_read_whole(work)
    for raw in found:
        payments.keep_invoice(work, raw, look, is_news=is_news)


async def _open_invoices(ctx: JobContext, gateway: Gateway, place: Place) -> Place:
    """Older ones that were still open when they were last seen."""
    ids: list[str] = await ctx.read(_open, place)
    for id in ids:
        await Look(ctx, gateway).at("invoice", id)
    return _after(place, ids[-1] if len(ids) == PAGE else None, "open_disputes")


def _open(work: Work, place: Place) -> list[str]:
    mine = (Invoice.business_id == work.business_id) & (Invoice.look < place.look)
    query = select(Invoice.stripe_invoice_id).where(mine, Invoice.status.in_(("open", "draft")))
    query = query.where(Invoice.stripe_invoice_id > (place.cursor or ""))
    return list(work.session.scalars(query.order_by(Invoice.stripe_invoice_id).limit(PAGE)))


async def _open_disputes(ctx: JobContext, gateway: Gateway, place: Place) -> Place:
    ids: list[str] = await ctx.read(_in_dispute)
    for id in ids:
        await Look(ctx, gateway).at("dispute", id)
    return _after(place, None, "disputes")


def _in_dispute(work: Work) -> list[str]:
    mine = (Dispute.business_id == work.business_id) & Dispute.status.in_(payments.OPEN_DISPUTES)
    return list(work.session.scalars(select(Dispute.stripe_dispute_id).where(mine).order_by(Dispute.id)))


async def _disputes(ctx: JobContext, gateway: Gateway, place: Place) -> Place:
    found, cursor = await gateway.page("disputes", place.cursor, created={"gte": place.since})
    for raw in found:
        await Look(ctx, gateway).at("dispute", raw["id"])
    return _after(place, cursor, "refunds")


async def _refunds(ctx: JobContext, gateway: Gateway, place: Place) -> Place:
    found, cursor = await gateway.page("refunds", place.cursor, created={"gte": place.since})
    for charge_id in sorted({str(raw["charge"]) for raw in found if raw.get("charge")}):
        await Look(ctx, gateway).at("charge", charge_id)
    return _after(place, cursor, "done")


STEPS: dict[str, Step] = {
    "prices": _prices,
    "subscriptions": _subscriptions,
    "missing": _missing,
    "invoices": _invoices,
    "open_invoices": _open_invoices,
    "open_disputes": _open_disputes,
    "disputes": _disputes,
    "refunds": _refunds,
}


def summary(row: StripeAccount) -> dict[str, Any] | None:
    """What is being read, for people."""
    if not row.relist:
        return None
    place = Place(**row.relist)
    began = datetime.fromtimestamp(place.began, UTC)
    return {"what": place.stage.replace("_", " "), "done": place.done, "began_at": began}
