"""Looking at Stripe: an object is fetched again, outside of any transaction, and kept in the mirror."""

from collections.abc import Callable, Sequence
from typing import Any

from backend.billing import accounts, inbox, mirror, normal, payers, payments, plans, takings_keeping
from backend.billing.gateway import Gateway, Shown
from backend.billing.mirror import Outcome
from backend.core.outside import Refused
from backend.jobs.registry import JobContext
from backend.work import Work


async def look_at_subscription(ctx: JobContext, id: str, *, gateway: Gateway | None = None) -> Shown | None:
    """The subscription as Stripe has it now, kept in the mirror; None when it has it no more. A `Trouble` otherwise."""
    look = Look(ctx, gateway or await accounts.reach(ctx))
    await look.at("subscription", id)
    return look.shown


class Look:
    """One look at one object. `event_ids` (rows of the inbox) are settled in the transaction that keeps it."""

    def __init__(
        self, ctx: JobContext, gateway: Gateway, *, event_ids: Sequence[str] = (), told_by: str | None = None
    ) -> None:
        self.ctx, self.gateway, self.event_ids, self.told_by = ctx, gateway, event_ids, told_by
        self.shown: Shown | None = None

    async def at(self, kind: str, id: str) -> Outcome:
        """Fetch and keep one object. Whether the mirror is another now."""
        number: int = await self.ctx.write(mirror.draw_look)
        match kind:
            case "subscription":
                return await self._subscription(id, number)
            case "invoice":
                return await self._invoice(id, number)
            case "charge":
                return await self._charge(id, number)
            case "dispute":
                return await self._dispute(id, number)
            case "payout":
                return await self._kept(await self._found(self.gateway.get(f"payouts/{id}")), _keep_payout, number)
            case "customer":
                return await self._kept(await self._found(self.gateway.customer(id)), _fill)
            case "price":
                return await self._kept(await self._found(self.gateway.price(id)), _keep_price)
            case "product":
                return await self._kept(await self._found(self.gateway.get(f"products/{id}")), _keep_product)
        raise ValueError(f"nobody looks at a {kind}")

    async def _subscription(self, id: str, number: int) -> Outcome:
        self.shown = await self._found(self.gateway.subscription(id))
        if self.shown is None:
            return await self._write(_lose, id, number)
        await self.prepare([self.shown])
        return await self._write(mirror.keep_subscription, self.shown, number, event_id=self.told_by)

    async def prepare(self, shown: Sequence[Shown]) -> None:
        """Fetch what subscriptions name and the mirror does not know: prices, with their products' names."""
        named: set[str] = set()
        for raw in shown:
            one = normal.subscription(raw, self.ctx.runtime.clock.now())
            named |= {id for id in (one.price.id if one.price else None, one.scheduled_price_id) if id}
        for price_id in await self.ctx.read(plans.unknown_prices, named):
            if (price := await self._found(self.gateway.price(price_id))) is not None:
                await self.ctx.write(_keep_price, price)

    async def _invoice(self, id: str, number: int) -> Outcome:
        raw = await self._found(self.gateway.invoice(id))
        if raw is None:
            return await self._write(_nothing)
        owner = normal.invoice(raw).subscription_id
        if owner and not await self.ctx.read(_is_known, owner):
            await self._beside().at("subscription", owner)
        return await self._write(_keep_invoice, raw, number, self.told_by)

    async def _charge(self, id: str, number: int) -> Outcome:
        raw = await self._found(self.gateway.charge(id))
        if raw is None:
            return await self._write(_nothing)
        await self.ctx.write(takings_keeping.keep_charges, [raw], number)
        if raw.get("amount_refunded") or await self.ctx.read(takings_keeping.has_refunds, id):
            async for page in self.gateway.pages("refunds", charge=id):
                await self.ctx.write(takings_keeping.keep_refunds, page, number)
        invoice_id = await self._invoice_of(normal.charge(raw))
        if invoice_id:
            await self._beside().at("invoice", invoice_id)
        return await self._write(payments.keep_charge, raw, number)

    async def _dispute(self, id: str, number: int) -> Outcome:
        raw = await self._found(self.gateway.dispute(id))
        if raw is None:
            return await self._write(_nothing)
        charge = normal.dispute(raw).charge
        if charge and not await self.ctx.read(payments.invoice_of_charge, charge):
            invoice_id = await self._invoice_of(charge)
            if invoice_id:
                await self._beside().at("invoice", invoice_id)
        return await self._write(_keep_dispute, raw, number, self.told_by)

    async def _invoice_of(self, charge: normal.Charge) -> str | None:
        """Since basil a charge does not name its invoice: the payments of invoices do."""
        known: str | None = await self.ctx.read(payments.invoice_of_charge, charge)
        if known or charge.invoice_id or not charge.payment_intent_id:
            return known or charge.invoice_id
        by = {"type": "payment_intent", "payment_intent": charge.payment_intent_id}
        found, _ = await self.gateway.page("invoice_payments", payment=by, limit=1)
        return str(found[0]["invoice"]) if found else None

    def _beside(self) -> "Look":
        return Look(self.ctx, self.gateway, told_by=self.told_by)

    async def _found(self, call: Any) -> Shown | None:
        """What was asked for; None when Stripe has no such thing (or says that it was deleted)."""
        try:
            shown: Shown = await call
        except Refused as refused:
            if refused.status == 404:
                return None
            raise
        return shown

    async def _kept(self, raw: Shown | None, keep: Callable[..., Outcome], *args: Any) -> Outcome:
        return await self._write(keep, raw, *args) if raw is not None else await self._write(_nothing)

    async def _write(self, service: Callable[..., Outcome], *args: Any, **kwargs: Any) -> Outcome:
        if not self.event_ids:
            outcome: Outcome = await self.ctx.write(service, *args, **kwargs)
        else:
            outcome = await self.ctx.write(inbox.settle, self.event_ids, service, *args, **kwargs)
        return outcome


def _is_known(work: Work, stripe_subscription_id: str) -> bool:
    return mirror.find(work, stripe_subscription_id) is not None


def _lose(work: Work, id: str, look: int) -> Outcome:
    return mirror.Keeping(work, look).lose(id)


def _keep_invoice(work: Work, raw: Shown, look: int, told_by: str | None) -> Outcome:
    is_news = told_by is not None or mirror.is_read_whole(work)
    return payments.keep_invoice(work, raw, look, is_news=is_news, event_id=told_by)


def _keep_dispute(work: Work, raw: Shown, look: int, told_by: str | None) -> Outcome:
    is_news = told_by is not None or mirror.is_read_whole(work)
    return payments.keep_dispute(work, raw, look, is_news=is_news, event_id=told_by)


def _keep_price(work: Work, raw: Shown) -> Outcome:
    return "applied" if plans.keep_prices(work, [normal.price(raw)]) else "unchanged"


def _keep_product(work: Work, raw: Shown) -> Outcome:
    return "applied" if plans.keep_product(work, raw) else "unchanged"


def _keep_payout(work: Work, raw: Shown, look: int) -> Outcome:
    return takings_keeping.keep_payouts(work, [raw], look)


def _fill(work: Work, raw: Shown) -> Outcome:
    return "applied" if payers.fill(work, normal.person(raw)) else "unchanged"


def _nothing(_work: Work) -> Outcome:
    return "unchanged"
