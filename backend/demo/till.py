"""The demo's Stripe account, whole: what the mirror knows is there again at each start, and things go on happening.

It lives in the demo's process and answers on a port of its own. The mirror in the database is what it remembers by.
"""

from datetime import datetime
from random import Random
from typing import Any

import httpx

from backend.billing.schemas import Discount, PlanRead, SubscriptionRead
from backend.client import ApiError, Client, Offline
from backend.core.clock import Clock
from backend.core.log import logger
from backend.core.money import to_minor
from backend.demo.cast import STRIPE_ACCOUNT
from backend.demo.entry import enter
from backend.demo.outside.stripe import StripeDouble
from backend.demo.outside.stripe.catalogue import make_price, make_product
from backend.demo.outside.stripe.coupons import make_coupon
from backend.demo.outside.stripe.customers import customer_body, make_card
from backend.demo.outside.stripe.subscribing import await_what_comes, item_body, set_period, subscription_body
from backend.demo.pace import Pace

FIRST_AFTER, EVERY = 40.0, 150.0
"""Seconds to the first thing that happens there, and between two."""
_DECLINES = "insufficient_funds"
_ENDED = ("canceled", "incomplete_expired")


class Till:
    """One Stripe account, and those who pay there."""

    def __init__(self, clock: Clock, *, secret: str, url: str) -> None:
        self.double = StripeDouble(clock, account=STRIPE_ACCOUNT, currency="inr", country="IN")
        endpoint, _ = self.double.endpoint(f"{url}/webhooks/stripe")
        self.double.account.secrets[endpoint] = [(secret, None)]
        self._book, self._url = self.double.account, url
        self._prices: dict[str, dict[str, Any]] = {}

    async def fill(self) -> None:
        """Have in the account what the backend's mirror knows of it."""
        async with Client(self._url) as owner:
            await enter(owner)
            for plan in (await owner.subscriptions.plans()).items:
                self._sell(plan)
            cursor: str | None = None
            while True:
                page = await owner.subscriptions.list(limit=200, cursor=cursor)
                for one in page.items:
                    self._take_on(one)
                if (cursor := page.next_cursor) is None:
                    return

    def _sell(self, plan: PlanRead) -> None:
        book, product = self._book, plan.stripe_product_id
        if product not in book.rows("product"):
            make_product(book, plan.name, id=product)
        amount = to_minor(plan.amount, plan.currency)
        recurring = {"interval": plan.interval, "interval_count": plan.interval_count}
        about = {"id": plan.stripe_price_id, "active": plan.is_active, "nickname": plan.name}
        self._prices[plan.stripe_price_id] = make_price(
            book, product, amount, plan.currency.lower(), recurring, **about
        )

    def _take_on(self, one: SubscriptionRead) -> None:
        """A subscription as the mirror has it, and who pays."""
        book, id = self._book, one.stripe_subscription_id
        price = self._prices.get(one.plan.stripe_price_id) if one.plan else None
        if price is None or one.current_period_start is None or one.current_period_end is None:
            return
        self._know(one)
        items = [item_body(id, 0, _seconds(one.started_at), price, one.quantity, {})]
        details = {"comment": None, "feedback": one.cancellation_feedback, "feedback_option": None}
        pause = one.pause and {"behavior": one.pause.behavior, "resumes_at": _maybe(one.pause.resumes_at)}
        about = {
            "status": one.status,
            "billing_cycle_anchor": _seconds(one.trial_end or one.current_period_start),
            "billing_mode": {"flexible": None, "type": one.billing_mode},
            "cancel_at_period_end": one.cancel_at_period_end,
            "cancel_at": _maybe(one.cancel_at),
            "canceled_at": _maybe(one.canceled_at),
            "ended_at": _maybe(one.ended_at),
            "cancellation_details": details | {"reason": one.cancellation_reason},
            "pause_collection": pause or None,
            "trial_end": _maybe(one.trial_end),
            "trial_start": _seconds(one.started_at) if one.trial_end else None,
            "discounts": [self._reduce(told, one) for told in one.discounts],
        }
        currency = one.currency.lower()
        body = subscription_body(id, _seconds(one.started_at), False, one.stripe_customer_id, currency, items, **about)
        set_period(body, _seconds(one.current_period_start), _seconds(one.current_period_end))
        book.rows("subscription").add(body)
        if one.status not in _ENDED:
            await_what_comes(book, body)

    def _know(self, one: SubscriptionRead) -> None:
        book, id = self._book, one.stripe_customer_id
        if id in book.rows("customer"):
            return
        metadata = {"externalId": one.customer.external_id}
        body = customer_body(id, _seconds(one.started_at), False, name=one.customer.name, metadata=metadata)
        customer = book.rows("customer").add(body)
        last4 = "".join(filter(str.isdigit, one.customer.external_id))[-4:].rjust(4, "0")
        card = make_card(book, id, _DECLINES if one.status == "past_due" else None, last4=last4)
        customer["invoice_settings"]["default_payment_method"] = card["id"]

    def _reduce(self, told: Discount, one: SubscriptionRead) -> str:
        """The discount, under the id that it has in the mirror."""
        book, coupon = self._book, told.coupon or f"coupon-{told.id}"
        if coupon not in book.rows("coupon"):
            off = None if told.amount_off is None else to_minor(told.amount_off, one.currency)
            about: dict[str, Any] = {"percent_off": told.percent_off, "amount_off": off, "name": told.name}
            if off is not None:
                about["currency"] = one.currency.lower()
            make_coupon(book, id=coupon, duration="repeating" if told.ends_at else "forever", **about)
        made: dict[str, Any] = {"checkout_session": None, "customer": one.stripe_customer_id, "customer_account": None}
        made |= {"end": _maybe(told.ends_at), "invoice": None, "invoice_item": None, "promotion_code": None}
        made |= {"start": _seconds(one.started_at), "subscription": one.stripe_subscription_id}
        made |= {"source": {"coupon": coupon, "type": "coupon"}, "subscription_item": None}
        return str(book.add("discount", "di", id=told.id, **made)["id"])

    async def live(self, address: str, pace: Pace, seed: int) -> None:
        """Somebody subscribes, pauses, wants to leave or comes back, now and then, until cancelled."""
        rng = Random(f"till {seed}")
        headers = {"Authorization": f"Bearer {self.double.key}"}
        async with httpx.AsyncClient(base_url=f"{address}/v1", headers=headers, trust_env=False) as stripe:
            await pace.wait(FIRST_AFTER)
            while True:
                try:
                    await self._happen(stripe, rng)
                except (httpx.HTTPError, ApiError, Offline) as error:
                    logger.warning("nothing happened at the till", error=str(error))
                await pace.wait(EVERY)

    async def _happen(self, stripe: httpx.AsyncClient, rng: Random) -> None:
        standing = [one for one in self._book.rows("subscription") if one["status"] == "active" and not one["schedule"]]
        kind = rng.choice(("begin", "begin_badly", "leave", "stay", "pause", "resume"))
        chosen = [one for one in standing if _fits(kind, one)]
        if kind.startswith("begin") or not chosen:
            declines, number = (_DECLINES if kind == "begin_badly" else None), rng.getrandbits(24)
            metadata = {"externalId": f"web-{number:06x}"}
            name = rng.choice(("Anand Krishnan", "Fatima Sheikh", "Prerna Joshi", "Joel D'Mello", "Ritu Chawla"))
            email = f"web{number:06x}@mail.example"
            payer = self.double.customer(email, name, declines=declines, metadata=metadata)
            self.double.subscribe(payer, rng.choice(list(self._prices.values())), is_told=True)
            return
        form = {
            "leave": {"cancel_at_period_end": "true", "cancellation_details[feedback]": "too_expensive"},
            "stay": {"cancel_at_period_end": "false"},
            "pause": {"pause_collection[behavior]": "void"},
            "resume": {"pause_collection": ""},
        }[kind]
        (await stripe.post(f"/subscriptions/{rng.choice(chosen)['id']}", data=form)).raise_for_status()


def _fits(kind: str, one: dict[str, Any]) -> bool:
    """Whether that can happen to a subscription."""
    is_paused, is_ending = one["pause_collection"] is not None, one["cancel_at_period_end"]
    match kind:
        case "leave" | "pause":
            return not is_ending and not is_paused
        case "stay":
            return bool(is_ending)
    return kind == "resume" and is_paused


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _maybe(at: datetime | None) -> int | None:
    return None if at is None else _seconds(at)
