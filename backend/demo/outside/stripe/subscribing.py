"""A subscription as Stripe writes it, its items, and how it begins and is renewed."""

from typing import Any

from backend.demo.outside.stripe.book import Book
from backend.demo.outside.stripe.catalogue import plan_of
from backend.demo.outside.stripe.coupons import discounted
from backend.demo.outside.stripe.customers import paying_with
from backend.demo.outside.stripe.invoices import drawn, finalise, keep, settle
from backend.demo.outside.stripe.lines import period_lines
from backend.demo.outside.stripe.pending import pending_lines
from backend.demo.outside.stripe.period import period_at
from backend.demo.outside.stripe.refusal import invalid
from backend.demo.outside.stripe.rows import Body
from backend.demo.outside.stripe.standing import ENDED, end
from backend.demo.outside.stripe.time import DAY, HOUR

WARNED_BEFORE = 3 * DAY
"""Seconds before a trial's end at which Stripe says so."""
_UPDATED = "customer.subscription.updated"


def item_body(subscription: str, place: int, created: int, price: Body, quantity: int, metadata: Body) -> Body:
    """An item; its id tells whose it is. The period is the subscription's to say."""
    tail = subscription.removeprefix("sub_")
    id = f"si_{tail}" if place == 0 else f"si_{tail}n{place}"
    head: Body = {"id": id, "object": "subscription_item", "billing_thresholds": None, "created": created}
    head |= {"billed_until": None, "current_period_end": 0, "current_period_start": 0, "current_trial": None}
    head |= {"discounts": [], "metadata": metadata, "plan": plan_of(price), "price": price, "quantity": quantity}
    return head | {"subscription": subscription, "tax_rates": []}


def subscription_body(
    id: str, created: int, livemode: bool, customer: str, currency: str, items: list[Body], **more: Any
) -> Body:
    """A subscription; `more` changes its keys."""
    body: Body = {"id": id, "object": "subscription", "application": None, "application_fee_percent": None}
    body |= {"automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None}}
    body |= {"billing_cycle_anchor": created, "billing_cycle_anchor_config": None, "billing_schedules": []}
    body |= {"billing_mode": {"flexible": None, "type": "classic"}, "billing_thresholds": None, "cancel_at": None}
    body |= {"cancel_at_period_end": False, "canceled_at": None, "collection_method": "charge_automatically"}
    details = {"comment": None, "feedback": None, "feedback_option": None, "reason": None}
    body |= {"cancellation_details": details, "created": created, "currency": currency, "customer": customer}
    body |= {"customer_account": None, "days_until_due": None, "default_payment_method": None}
    body |= {"default_source": None, "default_tax_rates": [], "description": None, "discounts": [], "ended_at": None}
    body |= {"invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}}, "latest_invoice": None}
    listed = {"object": "list", "data": items, "has_more": False, "url": f"/v1/subscription_items?subscription={id}"}
    body |= {"items": listed | {"total_count": len(items)}, "livemode": livemode, "managed_payments": None}
    body |= {"metadata": {}, "next_pending_invoice_item_invoice": None, "on_behalf_of": None, "pause_collection": None}
    settings = {"payment_method_options": None, "payment_method_types": None, "save_default_payment_method": "off"}
    body |= {"payment_settings": settings, "pending_invoice_item_interval": None, "pending_setup_intent": None}
    body |= {
        "pending_update": None,
        "schedule": None,
        "start_date": created,
        "status": "active",
        "status_details": None,
    }
    ends = {"end_behavior": {"missing_payment_method": "create_invoice"}}
    body |= {"test_clock": None, "transfer_data": None, "trial_end": None, "trial_settings": ends, "trial_start": None}
    return body | more


def set_period(subscription: Body, start: int, end: int) -> None:
    """Have all its items in this period."""
    for item in subscription["items"]["data"]:
        item |= {"current_period_start": start, "current_period_end": end}


def period_of(subscription: Body) -> tuple[int, int]:
    item = subscription["items"]["data"][0]
    return item["current_period_start"], item["current_period_end"]


def cycle(subscription: Body, at: int) -> tuple[int, int]:
    """The billing period around `at`, by its anchor and its first price's interval."""
    recurring = subscription["items"]["data"][0]["price"]["recurring"]
    return period_at(subscription["billing_cycle_anchor"], recurring["interval"], int(recurring["interval_count"]), at)


def priced_items(book: Book, subscription: str, given: list[Body], since: int = 0) -> list[Body]:
    """Items of `items=`; Refusal when a price is missing, inactive, paid once, or of another interval."""
    items = []
    for place, one in enumerate(given, since):
        price = book.named("price", one.get("price", one.get("plan")), f"items[{place}][price]")
        if price["recurring"] is None:
            raise invalid("The price specified is set to `type=one_time` but this field only accepts `type=recurring`.")
        if not price["active"]:
            raise invalid(f"The price specified is inactive: {price['id']}.", f"items[{place}][price]")
        quantity, metadata = int(one.get("quantity") or 1), dict(one.get("metadata") or {})
        items.append(item_body(subscription, place, book.now(), price, quantity, metadata))
    same_interval(items)
    return items


def same_interval(items: list[Body]) -> None:
    """Refusal (400) unless all are of one currency and interval."""
    kinds = {(one["price"]["currency"], *list(one["price"]["recurring"].items())[:2]) for one in items}
    if len(kinds) > 1:
        raise invalid("Currency and interval fields must match across all plans on this subscription.", "items")


def begin(book: Book, body: Body, discounts: Any = None, *, behavior: str = "allow_incomplete") -> Body:
    """Begin a subscription that has customer, items and perhaps a trial: discounts, period, first invoice, events.

    `behavior` is `payment_behavior`: whether a failing card leaves it incomplete.
    """
    customer, now = book.find("customer", body["customer"]), book.now()
    body["discounts"] = discounted(book, body, discounts)
    if body["trial_end"]:
        body |= {"status": "trialing", "trial_start": now, "billing_cycle_anchor": body["trial_end"]}
        set_period(body, now, body["trial_end"])
    else:
        set_period(body, *cycle(body, now))
        body["status"] = "incomplete"
    book.rows("subscription").add(body)
    customer["currency"] = body["currency"]
    invoice = drawn(book, customer, body, period_lines(book, body), reason="subscription_create")
    keep(book, invoice)
    if behavior == "default_incomplete":
        finalise(book, invoice)
    else:
        settle(book, invoice)
    if body["status"] == "incomplete" and invoice["status"] == "paid":
        body["status"] = "active"
    book.tell("customer.subscription.created", body)
    for id in body["discounts"]:
        book.tell("customer.discount.created", book.find("discount", id))
    await_what_comes(book, body)
    if body["status"] == "incomplete":
        book.time.later(now + 23 * HOUR, _expire, book, body["id"])
    return body


def await_what_comes(book: Book, subscription: Body) -> None:
    """Have the end of the period, the warning before a trial's end, and a discount's end happen when they are due."""
    id, (_, period_end) = subscription["id"], period_of(subscription)
    book.time.later(period_end, renew, book, id, period_end)
    if (ends := subscription["cancel_at"]) and ends < period_end:
        book.time.later(ends, _ends, book, id, ends)
    if subscription["status"] == "trialing":
        known = (id, subscription["trial_end"])
        if known not in book.warned:
            book.warned.add(known)
            warning = subscription["trial_end"] - WARNED_BEFORE
            _warn(book, *known) if warning <= book.now() else book.time.later(warning, _warn, book, *known)
    for one in subscription["discounts"]:
        if ends := book.find("discount", one)["end"]:
            book.time.later(ends, _undiscount, book, id, one)
    if (pause := subscription["pause_collection"]) and pause["resumes_at"]:
        book.time.later(pause["resumes_at"], _collect_again, book, id, pause["resumes_at"])


def renew(book: Book, id: str, period_end: int) -> None:
    """The period ends: it ends with it, or the next one begins and is invoiced, an hour later finally."""
    subscription = book.rows("subscription").get(id)
    if subscription is None or subscription["status"] in ENDED or period_of(subscription)[1] != period_end:
        return
    if subscription["cancel_at"] and subscription["cancel_at"] <= period_end:
        end(book, subscription, "cancellation_requested")
        return
    if subscription["status"] not in ("active", "past_due", "trialing"):
        return
    if subscription["status"] == "trialing" and not _leave_trial(book, subscription):
        return
    for turn in book.turns:
        turn(book, subscription)
    with book.changing(_UPDATED, subscription):
        if subscription["status"] == "trialing":
            subscription["status"] = "active"
        set_period(subscription, *cycle(subscription, period_end))
        invoice = bill(book, subscription, "subscription_cycle")
    book.time.later(book.now() + HOUR, _settle, book, invoice["id"])
    book.time.later(period_of(subscription)[1], renew, book, id, period_of(subscription)[1])


def bill(book: Book, subscription: Body, reason: str, lines: list[Body] | None = None) -> Body:
    """A kept draft over what waits and the period (or `lines` in its place)."""
    lines = period_lines(book, subscription) if lines is None else lines
    customer = book.find("customer", subscription["customer"])
    return keep(book, drawn(book, customer, subscription, [*pending_lines(book, subscription), *lines], reason=reason))


def _leave_trial(book: Book, subscription: Body) -> bool:
    """Whether it goes on after its trial: without a card it may have been told to end or to pause."""
    otherwise = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
    if otherwise == "create_invoice" or paying_with(book, subscription["customer"], subscription):
        return True
    if otherwise == "cancel":
        end(book, subscription, "payment_failed")
        return False
    pause(book, subscription, "trial_end_without_payment_method")
    return False


def pause(book: Book, subscription: Body, reason: str) -> None:
    """No service and no invoices until it is resumed; `reason` as in Stripe's `status_details`."""
    why = {"subscription": {"type": reason}, "transitioned_at": book.now(), "type": "subscription"}
    with book.changing(_UPDATED, subscription, status="paused", status_details={"paused": why}):
        pass
    book.tell("customer.subscription.paused", subscription)


def _settle(book: Book, invoice: str) -> None:
    settle(book, book.find("invoice", invoice))


def _expire(book: Book, id: str) -> None:
    subscription = book.find("subscription", id)
    if subscription["status"] == "incomplete":
        book.change(_UPDATED, subscription, status="incomplete_expired", ended_at=book.now())


def _ends(book: Book, id: str, when: int) -> None:
    subscription = book.find("subscription", id)
    if subscription["cancel_at"] == when and subscription["status"] not in ENDED:
        end(book, subscription, "cancellation_requested")


def _warn(book: Book, id: str, trial_end: int) -> None:
    subscription = book.find("subscription", id)
    if subscription["status"] == "trialing" and subscription["trial_end"] == trial_end:
        book.tell("customer.subscription.trial_will_end", subscription)


def _undiscount(book: Book, id: str, discount: str) -> None:
    subscription = book.find("subscription", id)
    if discount in subscription["discounts"]:
        left = [one for one in subscription["discounts"] if one != discount]
        book.tell("customer.discount.deleted", book.find("discount", discount))
        book.change(_UPDATED, subscription, discounts=left)


def _collect_again(book: Book, id: str, when: int) -> None:
    subscription = book.find("subscription", id)
    if (pause := subscription["pause_collection"]) and pause["resumes_at"] == when:
        book.change(_UPDATED, subscription, pause_collection=None)
