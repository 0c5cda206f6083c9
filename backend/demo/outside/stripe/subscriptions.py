"""The operations on subscriptions."""

from backend.demo.outside.stripe.book import Book, new_id
from backend.demo.outside.stripe.changes import commit, planned
from backend.demo.outside.stripe.coupons import discounted
from backend.demo.outside.stripe.form import Params, is_yes
from backend.demo.outside.stripe.invoices import settle, void
from backend.demo.outside.stripe.lines import proration_lines
from backend.demo.outside.stripe.lists import listed, within
from backend.demo.outside.stripe.pending import pend, pending_lines
from backend.demo.outside.stripe.refusal import Refusal, invalid, missing
from backend.demo.outside.stripe.routes import Asked, route
from backend.demo.outside.stripe.rows import Body
from backend.demo.outside.stripe.standing import ENDED, end, resume
from backend.demo.outside.stripe.subscribing import (
    await_what_comes,
    begin,
    bill,
    cycle,
    pause,
    period_of,
    priced_items,
    set_period,
    subscription_body,
)
from backend.demo.outside.stripe.time import HOUR

FEEDBACK = "customer_service low_quality missing_features other switched_service too_complex too_expensive unused"
PAUSES = ("keep_as_draft", "mark_uncollectible", "void")
_UPDATED = "customer.subscription.updated"
_SHARED = (
    "items metadata discounts trial_end proration_behavior cancel_at cancel_at_period_end default_payment_method "
    "description payment_behavior collection_method days_until_due off_session trial_settings billing_cycle_anchor "
    "payment_settings"
)


@route("POST /v1/subscriptions", "subscription_write", f"customer currency trial_period_days billing_mode {_SHARED}")
def _(asked: Asked) -> Body:
    book, now = asked.book, asked.book.now()
    customer = book.named("customer", asked.needed("customer"), "customer")
    id = new_id("sub")
    items = priced_items(book, id, asked.needed("items"))
    body = subscription_body(id, now, book.livemode, customer["id"], items[0]["price"]["currency"], items)
    if (mode := (asked.params.get("billing_mode") or {}).get("type")) is not None:
        body["billing_mode"] = {"flexible": None, "type": mode}
    days, ends = asked.number("trial_period_days"), asked.params.get("trial_end")
    if days:
        body["trial_end"] = now + days * 86_400
    elif ends not in (None, "now"):
        body["trial_end"] = asked.number("trial_end")
    body |= {"metadata": asked.metadata(), "default_payment_method": asked.text("default_payment_method")}
    if settings := asked.params.get("trial_settings"):
        body["trial_settings"] = settings
    begin(book, body, asked.params.get("discounts"), behavior=asked.text("payment_behavior") or "allow_incomplete")
    if asked.flag("cancel_at_period_end"):
        body |= _leaving(book, body, {"cancel_at_period_end": "true"})
    return body


@route(
    "POST /v1/subscriptions/{}",
    "subscription_write",
    f"{_SHARED} pause_collection cancellation_details proration_date",
)
def _(asked: Asked) -> Body:
    book, params = asked.book, asked.params
    subscription = book.find("subscription", asked.ids[0])
    if subscription["status"] in ENDED and params.keys() - {"cancellation_details", "metadata", "expand"}:
        raise invalid("A canceled subscription can only update its cancellation_details and metadata.")
    if subscription["schedule"] and params.keys() & {"cancel_at", "cancel_at_period_end", "trial_end"}:
        raise invalid(
            f"The subscription is managed by the subscription schedule `{subscription['schedule']}`, and updating any "
            "cancelation behavior directly is not allowed. Please update the schedule instead."
        )
    paused, had = _pause_collection(book, params), list(subscription["discounts"])
    leaving = {"cancellation_details": _details(book, subscription, params)} | _leaving(book, subscription, params)
    is_change = bool(params.keys() & {"items", "trial_end", "billing_cycle_anchor"})
    if is_change:  # refused before a coupon is used up
        planned(book, subscription, params)
    discounts = discounted(book, subscription, params["discounts"]) if "discounts" in params else None
    now_has = subscription if discounts is None else subscription | {"discounts": discounts}
    change = planned(book, now_has, params) if is_change else None
    with book.changing(_UPDATED, subscription, metadata=asked.metadata(subscription["metadata"])):
        subscription |= leaving
        if discounts is not None:
            subscription["discounts"] = discounts
        if paused is not None:
            subscription["pause_collection"] = paused or None
        for name in ("default_payment_method", "description", "collection_method", "trial_settings"):
            if name in params:
                subscription[name] = asked.text(name)
        if change:
            commit(book, subscription, change, params)
    for id in [one for one in had if one not in subscription["discounts"]]:
        book.tell("customer.discount.deleted", book.find("discount", id))
    for id in [one for one in subscription["discounts"] if one not in had]:
        book.tell("customer.discount.created", book.find("discount", id))
    if change or paused or discounts is not None or "cancel_at" in params:
        await_what_comes(book, subscription)
    return subscription


def _pause_collection(book: Book, params: Params) -> Body | None:
    """What `pause_collection` is to be: {} for none any more, None when nothing is asked. Refusal (400) for nonsense."""
    if "pause_collection" not in params:
        return None
    given = params["pause_collection"]
    if given == "":
        return {}
    if given.get("behavior") not in PAUSES:
        raise invalid(f"Invalid pause_collection[behavior]: must be one of {', '.join(PAUSES)}", "pause_collection")
    resumes = given.get("resumes_at")
    if resumes not in (None, "") and int(resumes) <= book.now():
        raise invalid("`pause_collection[resumes_at]` must be in the future.", "pause_collection[resumes_at]")
    return {"behavior": given["behavior"], "resumes_at": int(resumes) if resumes else None}


def _details(book: Book, subscription: Body, params: Params) -> Body:
    """The cancellation details after the request; Refusal (400) for a feedback that is not in Stripe's list."""
    given = params.get("cancellation_details") or {}
    feedback = given.get("feedback")
    if feedback and feedback not in FEEDBACK.split():
        raise invalid(f"Invalid cancellation_details[feedback]: must be one of {FEEDBACK}", "cancellation_details")
    details: Body = subscription["cancellation_details"] | {key: value or None for key, value in given.items()}
    return details


def _leaving(book: Book, subscription: Body, params: Params) -> Body:
    """What `cancel_at_period_end` and `cancel_at` make of a subscription's keys; {} when neither is asked for."""
    _, period_end = period_of(subscription)
    cancel_at, is_at_end = params.get("cancel_at"), is_yes(params.get("cancel_at_period_end"))
    if "cancel_at_period_end" in params:
        at = period_end if is_at_end else None
    elif cancel_at in ("min_period_end", "max_period_end"):
        at = period_end
    elif cancel_at is not None:
        at = int(cancel_at) if cancel_at else None
        if at is not None and at <= book.now():
            raise invalid("`cancel_at` must be in the future.", "cancel_at")
    else:
        return {}
    changed: Body = {"cancel_at": at, "cancel_at_period_end": is_at_end, "canceled_at": book.now() if at else None}
    reason = "cancellation_requested" if at else None
    return changed | {"cancellation_details": _details(book, subscription, params) | {"reason": reason}}


@route("GET /v1/subscriptions/{}", "subscription_read")
def _(asked: Asked) -> Body:
    return asked.book.find("subscription", asked.ids[0])


@route(
    "GET /v1/subscriptions",
    "subscription_read",
    "status customer price current_period_end current_period_start collection_method",
    is_list=True,
)
def _(asked: Asked) -> Body:
    params, status = asked.params, asked.text("status")

    def wanted(one: Body) -> bool:
        if status == "ended":
            is_in = one["status"] in ENDED
        elif status is None:
            is_in = one["status"] not in ENDED
        else:
            is_in = status == "all" or one["status"] == status
        prices = [item["price"]["id"] for item in one["items"]["data"]]
        start, end = period_of(one)
        return (
            is_in
            and (not params.get("price") or params["price"] in prices)
            and within(end, params.get("current_period_end"), "current_period_end")
            and within(start, params.get("current_period_start"), "current_period_start")
        )

    return listed(asked, "subscription", "customer", "collection_method", where=wanted)


@route("DELETE /v1/subscriptions/{}", "subscription_write", "cancellation_details invoice_now prorate")
def _(asked: Asked) -> Body:
    book = asked.book
    subscription = book.find("subscription", asked.ids[0])
    if subscription["status"] in ENDED:
        raise missing("subscription", subscription["id"])
    subscription["cancellation_details"] = _details(book, subscription, asked.params)
    if asked.flag("prorate"):
        for line in proration_lines(book, subscription, subscription, book.now(), is_reset=True):
            pend(book, subscription["customer"], line)
    end(book, subscription, "cancellation_requested")
    if asked.flag("invoice_now") and pending_lines(book, subscription):
        settle(book, bill(book, subscription, "subscription_update", []))
    return subscription


@route("DELETE /v1/subscriptions/{}/discount", "subscription_write")
def _(asked: Asked) -> Body:
    book = asked.book
    subscription = book.find("subscription", asked.ids[0])
    if not subscription["discounts"]:
        raise missing("discount", "", "subscription")
    gone = book.find("discount", subscription["discounts"][-1])
    book.change(_UPDATED, subscription, discounts=[])
    book.tell("customer.discount.deleted", gone)
    return gone | {"deleted": True}


@route("POST /v1/subscriptions/{}/pause", "subscription_write", "bill_for invoicing_behavior type")
def _(asked: Asked) -> Body:
    subscription = asked.book.find("subscription", asked.ids[0])
    if subscription["billing_mode"]["type"] != "flexible":
        raise invalid("Pausing a subscription requires billing_mode[type]=flexible. Migrate the subscription first.")
    if subscription["schedule"]:
        raise invalid(f"The subscription is managed by the subscription schedule `{subscription['schedule']}`.")
    if subscription["collection_method"] != "charge_automatically":
        raise invalid("Only subscriptions with collection_method=charge_automatically can be paused.")
    if subscription["status"] not in ("active", "trialing", "past_due"):
        raise invalid(f"A subscription that is {subscription['status']} cannot be paused.")
    pause(asked.book, subscription, "pause_requested")
    return subscription


@route(
    "POST /v1/subscriptions/{}/resume",
    "subscription_write",
    "billing_cycle_anchor proration_behavior proration_date payment_behavior",
)
def _(asked: Asked) -> Body:
    book = asked.book
    subscription = book.find("subscription", asked.ids[0])
    if subscription["status"] != "paused":
        raise invalid("Only subscriptions with a status of paused can be resumed.")
    anchor = asked.params.get("billing_cycle_anchor") or "now"
    is_now = (anchor.get("type") if isinstance(anchor, dict) else anchor) == "now"
    if not is_now and period_of(subscription)[1] > book.now():  # the period goes on that was paid for
        resume(book, subscription)
        await_what_comes(book, subscription)
        return subscription
    with book.changing(_UPDATED, subscription):
        if is_now:
            subscription["billing_cycle_anchor"] = book.now()
        set_period(subscription, *cycle(subscription, book.now()))
        invoice = bill(book, subscription, "subscription_update")
    book.resuming[subscription["id"]] = invoice["id"]
    if asked.params.get("payment_behavior") == "resume_on_payment_attempt":
        resume(book, subscription)
    settle(book, invoice)
    if subscription["status"] == "paused":  # until the invoice is paid, which it can be for 23 hours
        book.time.later(book.now() + 23 * HOUR, _give_up, book, invoice["id"])
    await_what_comes(book, subscription)
    return subscription


def _give_up(book: Book, invoice: str) -> None:
    body = book.find("invoice", invoice)
    if body["status"] == "open" and invoice in book.resuming.values():
        void(book, body)


@route("POST /v1/subscriptions/{}/migrate", "subscription_write", "billing_mode")
def _(asked: Asked) -> Body:
    subscription = asked.book.find("subscription", asked.ids[0])
    if asked.needed("billing_mode").get("type") != "flexible":
        raise invalid("Invalid billing_mode[type]: must be flexible", "billing_mode[type]")
    mode = {"flexible": None, "type": "flexible", "updated_at": asked.book.now()}
    return asked.book.change(_UPDATED, subscription, billing_mode=mode)


# -- items


def _with_item(asked: Asked, id: str) -> tuple[Body, Body]:
    tail = id.removeprefix("si_")
    rows = asked.book.rows("subscription")
    subscription = rows.get(f"sub_{tail}") or rows.get(f"sub_{tail.rpartition('n')[0]}")
    for item in subscription["items"]["data"] if subscription else []:
        if item["id"] == id:
            assert subscription is not None
            return subscription, item
    raise missing("subscription item", id, "item")


_ITEM = "price quantity metadata proration_behavior proration_date payment_behavior"


def _changed(asked: Asked, subscription: Body, one: Params) -> list[Body]:
    """Change one item; all of them afterwards."""
    book = asked.book
    params = {key: value for key, value in asked.params.items() if key.startswith("proration")} | {"items": [one]}
    change = planned(book, subscription, params)
    with book.changing(_UPDATED, subscription):
        commit(book, subscription, change, params)
    await_what_comes(book, subscription)
    items: list[Body] = subscription["items"]["data"]
    return items


@route("GET /v1/subscription_items", "subscription_read", "subscription", is_list=True)
def _(asked: Asked) -> Body:
    subscription = asked.book.named("subscription", asked.needed("subscription"), "subscription")
    listed_items: Body = subscription["items"]
    return listed_items


@route("GET /v1/subscription_items/{}", "subscription_read")
def _(asked: Asked) -> Body:
    return _with_item(asked, asked.ids[0])[1]


@route("POST /v1/subscription_items", "subscription_write", f"subscription {_ITEM}")
def _(asked: Asked) -> Body:
    subscription = asked.book.named("subscription", asked.needed("subscription"), "subscription")
    given: Params = {key: asked.params[key] for key in ("price", "quantity", "metadata") if key in asked.params}
    return _changed(asked, subscription, given)[-1]


@route("POST /v1/subscription_items/{}", "subscription_write", _ITEM)
def _(asked: Asked) -> Body:
    subscription, item = _with_item(asked, asked.ids[0])
    given: Params = {key: asked.params[key] for key in ("price", "quantity", "metadata") if key in asked.params}
    items = _changed(asked, subscription, {"id": item["id"], **given})
    return next(one for one in items if one["id"] == item["id"])


@route("DELETE /v1/subscription_items/{}", "subscription_write", "clear_usage proration_behavior proration_date")
def _(asked: Asked) -> Body:
    subscription, item = _with_item(asked, asked.ids[0])
    if len(subscription["items"]["data"]) == 1:
        raise Refusal(400, "A subscription must have at least one active plan. Cancel the subscription instead.")
    _changed(asked, subscription, {"id": item["id"], "deleted": "true"})
    return {"id": item["id"], "object": "subscription_item", "deleted": True}
