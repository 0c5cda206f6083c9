"""Subscription schedules: what a subscription will be from which second on."""

from copy import deepcopy
from typing import Any

from backend.demo.outside.stripe.book import Book
from backend.demo.outside.stripe.changes import commit, planned
from backend.demo.outside.stripe.coupons import discounted
from backend.demo.outside.stripe.form import Params
from backend.demo.outside.stripe.lists import listed
from backend.demo.outside.stripe.period import shifted
from backend.demo.outside.stripe.refusal import invalid
from backend.demo.outside.stripe.routes import Asked, route
from backend.demo.outside.stripe.rows import Body
from backend.demo.outside.stripe.standing import ENDED, end
from backend.demo.outside.stripe.subscribing import await_what_comes, period_of

_UPDATED = "customer.subscription.updated"
_OPEN = ("not_started", "active")


def _phase(currency: str, start: int, end: int, items: list[Body], **more: Any) -> Body:
    body: Body = {"add_invoice_items": [], "application_fee_percent": None, "billing_cycle_anchor": None}
    body |= {"billing_thresholds": None, "collection_method": None, "currency": currency, "description": None}
    body |= {"default_payment_method": None, "default_tax_rates": [], "discounts": [], "end_date": end}
    body |= {"invoice_settings": None, "items": items, "metadata": {}, "on_behalf_of": None, "start_date": start}
    return body | {"proration_behavior": "create_prorations", "transfer_data": None, "trial_end": None} | more


def _item(price: Body, quantity: int) -> Body:
    body: Body = {
        "billing_thresholds": None,
        "discounts": [],
        "metadata": {},
        "plan": price["id"],
        "price": price["id"],
    }
    return body | {"quantity": quantity, "tax_rates": []}


@route("POST /v1/subscription_schedules", "subscription_write", "from_subscription metadata end_behavior")
def _(asked: Asked) -> Body:
    book = asked.book
    subscription = book.named("subscription", asked.needed("from_subscription"), "from_subscription")
    if subscription["schedule"] or subscription["status"] in ENDED:
        raise invalid("The subscription has a schedule already, or has ended.", "from_subscription")
    start, period_end = period_of(subscription)
    items = [_item(one["price"], one["quantity"]) for one in subscription["items"]["data"]]
    discounts = [{"coupon": None, "discount": one, "promotion_code": None} for one in subscription["discounts"]]
    phase = _phase(subscription["currency"], start, period_end, items, discounts=discounts)
    made: Body = {"application": None, "billing_mode": subscription["billing_mode"], "canceled_at": None}
    made |= {"completed_at": None, "current_phase": {"end_date": period_end, "start_date": start}}
    defaults: Body = {"application_fee_percent": None, "billing_cycle_anchor": "automatic", "billing_thresholds": None}
    defaults |= {"collection_method": "charge_automatically", "default_payment_method": None, "description": None}
    defaults |= {"invoice_settings": {"issuer": {"type": "self"}}, "on_behalf_of": None, "transfer_data": None}
    made |= {"customer": subscription["customer"], "customer_account": None, "default_settings": defaults}
    made |= {"end_behavior": asked.text("end_behavior") or "release", "metadata": asked.metadata()}
    made |= {"pause_schedules": [], "phases": [phase], "released_at": None, "released_subscription": None}
    made |= {"status": "active", "subscription": subscription["id"], "test_clock": None}
    schedule = book.add("subscription_schedule", "sub_sched", **made)
    book.tell("subscription_schedule.created", schedule)
    book.change(_UPDATED, subscription, schedule=schedule["id"])
    _await(book, schedule)
    return schedule


@route("POST /v1/subscription_schedules/{}", "subscription_write", "phases end_behavior metadata proration_behavior")
def _(asked: Asked) -> Body:
    book = asked.book
    schedule = _open(asked)
    phases = [_read(book, schedule, one, n) for n, one in enumerate(asked.params.get("phases") or [])]
    _check(book, schedule, phases)
    with book.changing("subscription_schedule.updated", schedule, metadata=asked.metadata(schedule["metadata"])):
        schedule["end_behavior"] = asked.text("end_behavior") or schedule["end_behavior"]
        schedule["phases"] = phases or schedule["phases"]
        _point(book, schedule)
    _turn(book, schedule["id"])
    _await(book, schedule)
    return schedule


def _read(book: Book, schedule: Body, given: Params, number: int) -> Body:
    """A phase as it was given; it ends after its duration, or after one interval of its first price."""
    before = schedule["phases"][-1]
    items, param = [], f"phases[{number}]"
    for one in given.get("items") or []:
        price = book.named("price", one.get("price", one.get("plan")), f"{param}[items][0][price]")
        items.append(_item(price, int(one.get("quantity") or 1)))
    if not items:
        raise invalid("Missing required param: items.", f"{param}[items]", "parameter_missing")
    start = given.get("start_date")
    ends = given.get("end_date")
    span = given.get("duration") or book.find("price", items[0]["price"])["recurring"]
    more: Body = {"metadata": dict(given.get("metadata") or {}), "trial_end": None}
    more["proration_behavior"] = given.get("proration_behavior") or "create_prorations"
    keys = ("coupon", "discount", "promotion_code")
    more["discounts"] = [{key: one.get(key) for key in keys} for one in given.get("discounts") or []]
    begins = int(start) if start and start != "now" else (book.now() if start else 0)
    closes = int(ends) if ends and ends != "now" else (book.now() if ends else 0)
    return _phase(before["currency"], begins, closes, items, **more, span=span)


def _check(book: Book, schedule: Body, phases: list[Body]) -> None:
    """Fill in when phases begin and end; Refusal (400) unless they follow each other from the current one on."""
    current, last = schedule["current_phase"], None
    for number, phase in enumerate(phases):
        span = phase.pop("span")
        if number == 0 and current and phase["start_date"] != current["start_date"]:
            words = "The first phase must be the current one: give its `start_date` as it is."
            raise invalid(words, "phases[0][start_date]")
        phase["start_date"] = phase["start_date"] or last
        if last is not None and phase["start_date"] != last:
            raise invalid("A phase must start when the one before it ends.", f"phases[{number}][start_date]")
        count = int(span.get("interval_count") or 1)
        phase["end_date"] = phase["end_date"] or shifted(phase["start_date"], span["interval"], count)
        if phase["end_date"] <= max(phase["start_date"], book.now() if number else 0):
            raise invalid("A phase must end after it starts, and in the future.", f"phases[{number}][end_date]")
        last = phase["end_date"]


def _point(book: Book, schedule: Body) -> Body | None:
    """Have the schedule say which phase is the current one; None when none is."""
    now = book.now()
    phase: Body | None = next((one for one in schedule["phases"] if one["start_date"] <= now < one["end_date"]), None)
    edges = ("start_date", "end_date")
    schedule["current_phase"] = {edge: phase[edge] for edge in edges} if phase else None
    return phase


def _await(book: Book, schedule: Body) -> None:
    for phase in schedule["phases"]:
        if phase["end_date"] > book.now():
            book.time.later(phase["end_date"], _turn, book, schedule["id"])


def at_period_end(book: Book, subscription: Body) -> None:
    """Apply the phase that begins with the next period, before it is billed."""
    if subscription["schedule"]:
        _turn(book, subscription["schedule"], is_billed_later=True)


def _turn(book: Book, id: str, *, is_billed_later: bool = False) -> None:
    """Have the subscription be as the phase of this second has it; after the last one the schedule ends."""
    schedule = book.find("subscription_schedule", id)
    if schedule["status"] not in _OPEN:
        return
    subscription = book.find("subscription", schedule["subscription"])
    phase = _point(book, schedule)
    if phase is None:
        _finish(book, schedule, subscription)
        return
    wanted = [(one["price"], one["quantity"]) for one in phase["items"]]
    items = subscription["items"]["data"]
    if wanted == [(one["price"]["id"], one["quantity"]) for one in items]:
        return
    given: list[Body] = [{"price": price, "quantity": quantity} for price, quantity in wanted]
    for one, item in zip(given, items, strict=False):
        one["id"] = item["id"]
    given += [{"id": item["id"], "deleted": True} for item in items[len(wanted) :]]
    params: Params = {"items": given, "proration_behavior": phase["proration_behavior"]}
    change = planned(book, subscription, params)
    with book.changing(_UPDATED, subscription):
        if is_billed_later:
            change.apply(subscription)
        else:
            commit(book, subscription, change, params)
        if coupons := [one for one in phase["discounts"] if one["coupon"] or one["discount"]]:
            found = [{key: value for key, value in one.items() if value} for one in coupons]
            subscription["discounts"] = discounted(book, deepcopy(subscription), found)
    book.tell("subscription_schedule.updated", schedule)
    if not is_billed_later:
        await_what_comes(book, subscription)


def _finish(book: Book, schedule: Body, subscription: Body) -> None:
    now = book.now()
    if schedule["end_behavior"] == "cancel":
        subscription["schedule"] = None
        book.change("subscription_schedule.completed", schedule, status="completed", completed_at=now)
        end(book, subscription, None)
        return
    _release(book, schedule, subscription)


def _release(book: Book, schedule: Body, subscription: Body) -> None:
    schedule |= {"status": "released", "released_at": book.now(), "released_subscription": subscription["id"]}
    schedule |= {"subscription": None, "current_phase": None}
    book.tell("subscription_schedule.released", schedule)
    book.change(_UPDATED, subscription, schedule=None)


def _open(asked: Asked) -> Body:
    schedule = asked.book.find("subscription_schedule", asked.ids[0])
    if schedule["status"] not in _OPEN:
        raise invalid(f"You cannot do this to a subscription schedule that is currently {schedule['status']}.")
    return schedule


@route("POST /v1/subscription_schedules/{}/release", "subscription_write", "preserve_cancel_date")
def _(asked: Asked) -> Body:
    schedule = _open(asked)
    _release(asked.book, schedule, asked.book.find("subscription", schedule["subscription"]))
    return schedule


@route("POST /v1/subscription_schedules/{}/cancel", "subscription_write", "invoice_now prorate")
def _(asked: Asked) -> Body:
    schedule = _open(asked)
    end(asked.book, asked.book.find("subscription", schedule["subscription"]), "cancellation_requested")
    return schedule


@route("GET /v1/subscription_schedules/{}", "subscription_read")
def _(asked: Asked) -> Body:
    return asked.book.find("subscription_schedule", asked.ids[0])


@route("GET /v1/subscription_schedules", "subscription_read", "customer scheduled", is_list=True)
def _(asked: Asked) -> Body:
    return listed(asked, "subscription_schedule", "customer")
