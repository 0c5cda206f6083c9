"""Building worlds: what an account has, without a request for each and without events, however long ago it was."""

from functools import partial
from typing import Any

from backend.demo.outside.stripe.book import Book, new_id
from backend.demo.outside.stripe.catalogue import make_price, make_product
from backend.demo.outside.stripe.coupons import make_coupon
from backend.demo.outside.stripe.customers import customer_body, make_card
from backend.demo.outside.stripe.rows import Body
from backend.demo.outside.stripe.subscribing import (
    begin,
    cycle,
    item_body,
    renew,
    set_period,
    subscription_body,
)


def add_plan(book: Book, name: str, amount: int, interval: str, every: int, currency: str, product: str | None) -> Body:
    """A price (minor units) of a product, which is made when none is given."""
    id = product or make_product(book, name)["id"]
    return make_price(book, id, amount, currency, {"interval": interval, "interval_count": every}, nickname=name)


def add_customer(book: Book, email: str, name: str | None, decline: str | None, *, has_card: bool, **more: Any) -> Body:
    """A customer and their card."""
    body = customer_body(new_id("cus"), book.now(), book.livemode, email=email, name=name)
    customer = book.rows("customer").add(body | more)
    if has_card:
        card = make_card(book, customer["id"], decline)
        customer["invoice_settings"]["default_payment_method"] = card["id"]
    return customer


def add_subscription(
    book: Book, customer: Body, price: Body, *, quantity: int, trial_days: int, coupon: str | None, **more: Any
) -> Body:
    """A subscription that begins now, with its first invoice and payment."""
    id = new_id("sub")
    items = [item_body(id, 0, book.now(), price, quantity, {})]
    body = subscription_body(id, book.now(), book.livemode, customer["id"], price["currency"], items, **more)
    if trial_days:
        body["trial_end"] = book.now() + trial_days * 86_400
    return begin(book, body, [{"coupon": coupon}] if coupon else None)


def add_many(book: Book, number: int, price: Body, *, since: int, spread: int, renews: bool) -> list[str]:
    """Many active subscriptions, each with a customer of its own, that began in the `spread` seconds from `since` on.

    They are made of recipes, so that a hundred thousand take a second and little memory; they have no past invoices.
    """
    customers, subscriptions = book.rows("customer"), book.rows("subscription")
    ids = []
    for place in range(number):
        created = since + spread * place // max(1, number)
        customer, id = new_id("cus"), new_id("sub")
        email = f"customer{place}@example.com"
        make = partial(customer_body, customer, created, book.livemode, email=email, name=f"Customer {place}")
        customers.add_recipe(customer, created, make, email=email)
        bulk = partial(_bulk, book, id, customer, price, created)
        subscriptions.add_recipe(id, created, bulk, customer=customer)
        if renews:
            end = cycle(bulk(), book.now())[1]
            book.time.later(end, renew, book, id, end)
        ids.append(id)
    return ids


def _bulk(book: Book, id: str, customer: str, price: Body, created: int) -> Body:
    items = [item_body(id, 0, created, price, 1, {})]
    body = subscription_body(id, created, book.livemode, customer, price["currency"], items)
    set_period(body, *cycle(body, max(created, book.now())))
    return body


def add_coupon(book: Book, percent_off: float | None, amount_off: int | None, **more: Any) -> Body:
    """A coupon."""
    if amount_off is not None:
        more.setdefault("currency", book.currency)
    return make_coupon(book, percent_off=percent_off, amount_off=amount_off, **more)
