"""The stages of a re-list: each reads a page, keeps it, and says where to go on."""

from collections.abc import Sequence

from sqlalchemy import select

from backend.billing import mirror, normal, payments, plans, takings_keeping
from backend.billing.gateway import Gateway, Shown
from backend.billing.looking import Look
from backend.billing.mirror import Keeping
from backend.billing.models import Dispute, Invoice, Subscription
from backend.billing.relist_place import DAY, Keep, Place, Step, Window, after, next_window
from backend.billing.state import ENDED
from backend.jobs.registry import JobContext
from backend.work import Work

LOOKED_AT = 20
"""Objects that are fetched one by one in a step: no more than a few seconds are lost by a kill."""
_KEPT = ("data.customer.invoice_settings.default_payment_method", "data.default_payment_method")
EXPANDED = (*_KEPT, "data.discounts.source.coupon", "data.schedule", "data.latest_invoice")


def _by_days(path: str, then: str, keep: Keep, *expanded: str) -> Step:
    """A stage that reads what was created in windows of a day, the oldest first, and goes on with `then`."""

    async def step(ctx: JobContext, gateway: Gateway, place: Place) -> Place:
        window = Window.of(place)
        starts = place.since + window.day * DAY
        within = {"gte": starts, "lt": starts + window.width * DAY}
        look: int = await ctx.write(mirror.draw_look)
        more = {"expand": list(expanded)} if expanded else {}
        found, cursor = await gateway.page(path, window.after, created=within, **more)
        if found:
            await keep(ctx, gateway, place, found, look)
        return next_window(place, cursor, then, len(found))

    return step


async def _prices(ctx: JobContext, gateway: Gateway, place: Place) -> Place:
    found, cursor = await gateway.page("prices", place.cursor, type="recurring", expand=["data.product"])
    await ctx.write(plans.keep_prices, [normal.price(raw) for raw in found])
    return after(place, cursor, "subscriptions")


async def _subscriptions(ctx: JobContext, gateway: Gateway, place: Place) -> Place:
    look: int = await ctx.write(mirror.draw_look)
    found, cursor = await gateway.page("subscriptions", place.cursor, status="all", expand=list(EXPANDED))
    await Look(ctx, gateway).prepare(found)
    await ctx.write(_keep_subscriptions, found, look)
    return after(place, cursor, "missing", len(found))


def _keep_subscriptions(work: Work, found: list[Shown], look: int) -> None:
    keeping = Keeping(work, look, is_news=mirror.is_read_whole(work))
    keeping.keep([normal.subscription(raw, work.now) for raw in found])


async def _missing(ctx: JobContext, gateway: Gateway, place: Place) -> Place:
    """What was not in the list is asked for one by one."""
    ids: list[str] = await ctx.read(_unseen, place)
    for id in ids:
        await Look(ctx, gateway).at("subscription", id)
    return after(place, ids[-1] if len(ids) == LOOKED_AT else None, "invoices", 0)


def _unseen(work: Work, place: Place) -> list[str]:
    stripe_id = Subscription.stripe_subscription_id
    mine = (Subscription.business_id == work.business_id) & (Subscription.look < place.look)
    query = select(stripe_id).where(
        mine, Subscription.former_account.is_(None), Subscription.gone_at.is_(None), Subscription.status.not_in(ENDED)
    )
    query = query.where(stripe_id > (place.cursor or "")).order_by(stripe_id).limit(LOOKED_AT)
    return list(work.session.scalars(query))


def _keep_invoices(work: Work, found: list[Shown], look: int) -> None:
    is_news = mirror.is_read_whole(work)
    for raw in found:
        payments.keep_invoice(work, raw, look, is_news=is_news)


async def _open_invoices(ctx: JobContext, gateway: Gateway, place: Place) -> Place:
    """Older ones that were still open when they were last seen."""
    ids: list[str] = await ctx.read(_open, place)
    for id in ids:
        await Look(ctx, gateway).at("invoice", id)
    return after(place, ids[-1] if len(ids) == LOOKED_AT else None, "open_disputes")


def _open(work: Work, place: Place) -> list[str]:
    mine = (Invoice.business_id == work.business_id) & (Invoice.look < place.look)
    mine &= Invoice.former_account.is_(None)
    query = select(Invoice.stripe_invoice_id).where(mine, Invoice.status.in_(("open", "draft")))
    query = query.where(Invoice.stripe_invoice_id > (place.cursor or ""))
    return list(work.session.scalars(query.order_by(Invoice.stripe_invoice_id).limit(LOOKED_AT)))


async def _open_disputes(ctx: JobContext, gateway: Gateway, place: Place) -> Place:
    """Those that nobody had decided when they were last seen, however old."""
    ids: list[str] = await ctx.read(_in_dispute, place)
    for id in ids:
        await Look(ctx, gateway).at("dispute", id)
    return after(place, ids[-1] if len(ids) == LOOKED_AT else None, "disputes")


def _in_dispute(work: Work, place: Place) -> list[str]:
    mine = (Dispute.business_id == work.business_id) & (Dispute.look < place.look)
    mine &= Dispute.former_account.is_(None)
    query = select(Dispute.stripe_dispute_id).where(mine, Dispute.status.in_(payments.OPEN_DISPUTES))
    query = query.where(Dispute.stripe_dispute_id > (place.cursor or ""))
    return list(work.session.scalars(query.order_by(Dispute.stripe_dispute_id).limit(LOOKED_AT)))


async def _taken_back(ctx: JobContext, gateway: Gateway, place: Place, found: list[Shown], look: int) -> None:
    for id in await ctx.write(_keep_disputes, found, look, place.since):
        await Look(ctx, gateway).at("dispute", id)


def _keep_disputes(work: Work, found: list[Shown], look: int, since: int) -> list[str]:
    """Keep disputes; those of charges so old that their invoice has to be looked for are left. The invoices of charges
    since `since` were read before."""
    is_news, left = mirror.is_read_whole(work), []
    for raw in found:
        charge, shown = raw.get("charge"), normal.dispute(raw).charge
        is_old = isinstance(charge, dict) and int(charge.get("created") or 0) < since
        if shown is not None and is_old and shown.payment_intent_id and payments.invoice_of_charge(work, shown) is None:
            left.append(str(raw["id"]))
        else:
            payments.keep_dispute(work, raw, look, is_news=is_news)
    return left


async def _money_in(ctx: JobContext, _gateway: Gateway, _place: Place, found: list[Shown], look: int) -> None:
    await ctx.write(takings_keeping.keep_charges, found, look)
    if refunded := [raw for raw in found if raw.get("amount_refunded")]:
        await ctx.write(_give_back, refunded, look)


def _give_back(work: Work, charges: Sequence[Shown], look: int) -> None:
    for raw in charges:
        payments.keep_charge(work, raw, look)


async def _money_back(ctx: JobContext, gateway: Gateway, place: Place, found: list[Shown], look: int) -> None:
    """Refunds, and the charges that they are of where those are older than what was read."""
    await ctx.write(takings_keeping.keep_refunds, found, look)
    ids = sorted({str(raw["charge"]) for raw in found if raw.get("charge")})
    for id in await ctx.read(takings_keeping.unseen_charges, ids, place.look):
        await Look(ctx, gateway).at("charge", id)


async def _money_out(ctx: JobContext, _gateway: Gateway, _place: Place, found: list[Shown], look: int) -> None:
    await ctx.write(takings_keeping.keep_payouts, found, look)


async def _billed(ctx: JobContext, _gateway: Gateway, _place: Place, found: list[Shown], look: int) -> None:
    await ctx.write(_keep_invoices, found, look)


async def _unsettled(ctx: JobContext, gateway: Gateway, place: Place) -> Place:
    """Older payouts that may have arrived or failed since they were last seen."""
    ids: list[str] = await ctx.read(takings_keeping.unsettled_payouts, place.look, place.cursor, LOOKED_AT)
    for id in ids:
        await Look(ctx, gateway).at("payout", id)
    return after(place, ids[-1] if len(ids) == LOOKED_AT else None, "balance", len(ids))


async def _balance(ctx: JobContext, gateway: Gateway, place: Place) -> Place:
    look: int = await ctx.write(mirror.draw_look)
    await ctx.write(takings_keeping.keep_balance, await gateway.get("balance"), look)
    return after(place, None, "done")


STEPS: dict[str, Step] = {
    "prices": _prices,
    "subscriptions": _subscriptions,
    "missing": _missing,
    "invoices": _by_days("invoices", "open_invoices", _billed, "data.payments"),
    "open_invoices": _open_invoices,
    "open_disputes": _open_disputes,
    "disputes": _by_days("disputes", "charges", _taken_back, "data.charge"),
    "charges": _by_days("charges", "refunds", _money_in),
    "refunds": _by_days("refunds", "payouts", _money_back),
    "payouts": _by_days("payouts", "unsettled_payouts", _money_out),
    "unsettled_payouts": _unsettled,
    "balance": _balance,
}
MAY_LACK = {"charges": "refunds", "refunds": "payouts", "payouts": "unsettled_payouts", "balance": "done"}
"""Stages that a restricted key of old may not be allowed, and which comes after: what it may do goes on."""
BY_DAYS = ("invoices", "disputes", "charges", "refunds", "payouts")
_SHARES = {"subscriptions": 15, "invoices": 25, "disputes": 5, "charges": 40, "refunds": 10, "payouts": 5}
"""How much of the whole a stage is, by guess; the others are one each."""


def progress(place: Place) -> float:
    """How far a re-list is, from 0 to 1. It never falls, for stages and windows only go on."""
    names = list(STEPS)
    if place.stage not in STEPS:
        return 1.0
    shares = [_SHARES.get(name, 1) for name in names]
    at = names.index(place.stage)
    is_by_days = place.cursor is not None and place.stage in BY_DAYS
    within = min(1.0, Window.of(place).day / place.days) if is_by_days else 0.0
    return round((sum(shares[:at]) + shares[at] * within) / sum(shares), 4)
