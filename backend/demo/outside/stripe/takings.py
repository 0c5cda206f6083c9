"""Takings by the thousand: charges with refunds, disputes and payouts over some days, as recipes, without events."""

from functools import partial
from random import Random
from typing import Any

from backend.demo.outside.stripe.book import Book, new_id
from backend.demo.outside.stripe.rows import Body
from backend.demo.outside.stripe.time import DAY

REFUNDED, DISPUTED, FAILED, PAYOUTS_FAILED = 0.04, 0.004, 0.03, 0.05
"""How many of the charges, and of the payouts."""
_ENDS = ("won", "lost", "lost", "under_review", "needs_response")


def add_takings(book: Book, number: int, *, days: int, currency: str, seed: int) -> dict[str, int]:
    """So many charges in the last `days`, evenly spread, and what follows of them; how many of each kind there are."""
    rng, since = Random(f"takings {seed}"), book.now() - days * DAY
    made = {"charge": 0, "refund": 0, "dispute": 0, "payout": 0}
    by_day: dict[int, int] = {}
    for place in range(number):
        created = since + days * DAY * place // number
        amount, chance = rng.randint(200, 20_000), rng.random()
        is_failed, is_refunded = chance < FAILED, FAILED <= chance < FAILED + REFUNDED
        back = rng.choice((amount, amount // 2)) if is_refunded else 0
        is_disputed = FAILED + REFUNDED <= chance < FAILED + REFUNDED + DISPUTED
        id = new_id("ch")
        about = {"is_failed": is_failed, "refunded": back, "is_disputed": is_disputed}
        book.rows("charge").add_recipe(id, created, partial(_charge, book, id, created, amount, currency, **about))
        made["charge"] += 1
        if not is_failed:
            by_day[created // DAY] = by_day.get(created // DAY, 0) + amount
        later = min(created + rng.randint(1, 3 * DAY), book.now() - 1)
        if back:
            refund = new_id("re")
            book.rows("refund").add_recipe(
                refund, later, partial(_refund, refund, later, back, currency, id), charge=id
            )
            made["refund"] += 1
        if is_disputed:
            dispute, status = new_id("du"), rng.choice(_ENDS)
            book.rows("dispute").add_recipe(
                dispute, later, partial(_dispute, book, dispute, later, amount, currency, id, status), charge=id
            )
            made["dispute"] += 1
    for day, amount in sorted(by_day.items()):
        created = (day + 1) * DAY
        if created + 2 * DAY < book.now():
            is_failed = rng.random() < PAYOUTS_FAILED
            add_payout(book, amount, currency, created, created + 2 * DAY, "failed" if is_failed else "paid")
            made["payout"] += 1
    return made


def add_payout(book: Book, amount: int, currency: str, created: int, arrival: int, status: str) -> Body:
    """A payout as it is, of any day."""
    made: Body = {"amount": amount, "arrival_date": arrival, "automatic": True, "currency": currency}
    made |= {"failure_code": "account_closed" if status == "failed" else None, "method": "standard", "status": status}
    return book.add("payout", "po", created=created, **made, type="bank_account", description="STRIPE PAYOUT")


def _charge(book: Book, id: str, created: int, amount: int, currency: str, **about: Any) -> Body:
    failed = about["is_failed"]
    made: Body = {"id": id, "object": "charge", "created": created, "livemode": book.livemode, "amount": amount}
    made |= {"amount_captured": 0 if failed else amount, "amount_refunded": about["refunded"], "captured": not failed}
    made |= {"currency": currency, "customer": None, "disputed": about["is_disputed"], "invoice": None}
    made |= {"failure_code": "card_declined" if failed else None, "paid": not failed, "payment_intent": None}
    made |= {"refunded": about["refunded"] == amount, "status": "failed" if failed else "succeeded"}
    return made


def _refund(id: str, created: int, amount: int, currency: str, charge: str) -> Body:
    made: Body = {"id": id, "object": "refund", "created": created, "amount": amount, "currency": currency}
    return made | {"charge": charge, "payment_intent": None, "reason": None, "status": "succeeded", "metadata": {}}


def _dispute(book: Book, id: str, created: int, amount: int, currency: str, charge: str, status: str) -> Body:
    made: Body = {"id": id, "object": "dispute", "created": created, "livemode": book.livemode, "amount": amount}
    made |= {"charge": charge, "currency": currency, "payment_intent": None, "reason": "fraudulent", "status": status}
    return made | {"balance_transactions": [], "evidence": {}, "evidence_details": {}, "metadata": {}}
