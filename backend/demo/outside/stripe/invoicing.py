"""The operations on invoices and their payments, and the preview of what a change would cost."""

from copy import deepcopy

from backend.demo.outside.stripe.changes import planned
from backend.demo.outside.stripe.form import Params, is_yes
from backend.demo.outside.stripe.invoices import attempt, drawn, finalise, subscription_of, void, write_off
from backend.demo.outside.stripe.lines import discounts_of, period_lines, proration_lines
from backend.demo.outside.stripe.lists import as_list, listed
from backend.demo.outside.stripe.pending import pending_lines
from backend.demo.outside.stripe.refusal import Refusal, invalid
from backend.demo.outside.stripe.routes import Asked, route
from backend.demo.outside.stripe.rows import Body
from backend.demo.outside.stripe.standing import ENDED
from backend.demo.outside.stripe.subscribing import cycle, period_of, set_period


@route(
    "POST /v1/invoices/create_preview",
    "invoice_read",
    "customer subscription subscription_details discounts preview_mode currency",
)
def _(asked: Asked) -> Body:
    book, details = asked.book, asked.params.get("subscription_details") or {}
    id = asked.text("subscription")
    if id is None:
        raise invalid("This double previews changes of a subscription: give `subscription`.", "subscription")
    subscription = deepcopy(book.named("subscription", id, "subscription"))
    customer = book.find("customer", subscription["customer"])
    if subscription["status"] in ENDED:
        raise _none(customer["id"])
    discounts = _previewed(asked, subscription) if "discounts" in asked.params else None
    if is_yes(details.get("cancel_now")):
        wanted = details.get("proration_behavior", "create_prorations") != "none"
        lines = (
            proration_lines(book, subscription, subscription, _date(asked, details), is_reset=True) if wanted else []
        )
        return _preview(asked, subscription, customer, [*pending_lines(book, subscription), *lines], discounts)
    change = planned(book, subscription, details)
    after, waiting = change.after, pending_lines(book, subscription)
    is_leaving = is_yes(details.get("cancel_at_period_end", after["cancel_at_period_end"]))
    if change.is_reset:
        return _preview(asked, after, customer, [*waiting, *change.lines, *period_lines(book, after)], discounts)
    if details.get("proration_behavior") == "always_invoice" and change.lines:
        return _preview(asked, after, customer, [*waiting, *change.lines], discounts)
    following = _following(after)
    lines = [*waiting, *change.lines, *([] if is_leaving else period_lines(book, following))]
    if not lines:
        raise _none(customer["id"])
    preview = _preview(asked, following, customer, lines, discounts)
    due = period_of(after)[1]
    return preview | {"next_payment_attempt": due + 3_600, "period_start": period_of(after)[0], "period_end": due}


def _date(asked: Asked, details: Params) -> int:
    given = details.get("proration_date")
    return int(given) if given else asked.book.now()


def _following(subscription: Body) -> Body:
    """The subscription in its next period."""
    after, (_, end) = deepcopy(subscription), period_of(subscription)
    after["status"] = "active"
    set_period(after, *cycle(after, end))
    return after


def _previewed(asked: Asked, subscription: Body) -> list[Body]:
    """The discounts of the request, in place of the subscription's, that nobody keeps."""
    found = []
    for one in asked.params["discounts"] or []:
        if one.get("discount"):
            found.append(asked.book.find("discount", one["discount"]))
            continue
        coupon = asked.book.named("coupon", one.get("coupon"), "discounts[0][coupon]")
        about: Body = {
            "id": f"di_{coupon['id']}",
            "object": "discount",
            "end": None,
            "source": {"coupon": coupon["id"]},
        }
        found.append(about | {"subscription": subscription["id"]})
    return found


def _preview(asked: Asked, after: Body, customer: Body, lines: list[Body], discounts: list[Body] | None) -> Body:
    id = f"upcoming_in_{after['id'].removeprefix('sub_')}"
    given = discounts_of(asked.book, after) if discounts is None else discounts
    return drawn(asked.book, customer, after, lines, reason="upcoming", id=id, discounts=given)


def _none(customer: str) -> Refusal:
    return Refusal(404, f"No upcoming invoices for customer: {customer}", code="invoice_upcoming_none")


@route("GET /v1/invoices/{}", "invoice_read")
def _(asked: Asked) -> Body:
    return asked.book.find("invoice", asked.ids[0], "invoice")


@route("GET /v1/invoices", "invoice_read", "customer subscription status collection_method", is_list=True)
def _(asked: Asked) -> Body:
    if id := asked.text("subscription"):
        subscription = asked.book.named("subscription", id, "subscription")
        asked.params.setdefault("customer", subscription["customer"])
    return listed(
        asked,
        "invoice",
        "customer",
        "status",
        "collection_method",
        where=lambda one: not id or subscription_of(one) == id,
    )


@route("GET /v1/invoices/{}/lines", "invoice_read", is_list=True)
def _(asked: Asked) -> Body:
    return as_list(asked.book.find("invoice", asked.ids[0], "invoice")["lines"]["data"], asked.path)


def _open(asked: Asked, *statuses: str) -> Body:
    invoice = asked.book.find("invoice", asked.ids[0], "invoice")
    if invoice["status"] not in statuses:
        raise invalid(f"This invoice is {invoice['status']}; only an invoice that is {' or '.join(statuses)} can be.")
    return invoice


@route("POST /v1/invoices/{}/finalize", "invoice_write", "auto_advance")
def _(asked: Asked) -> Body:
    return finalise(asked.book, _open(asked, "draft"))


@route("POST /v1/invoices/{}/pay", "invoice_write", "payment_method off_session forgive paid_out_of_band")
def _(asked: Asked) -> Body:
    invoice = _open(asked, "open", "uncollectible", "draft")
    finalise(asked.book, invoice)
    if not attempt(asked.book, invoice, asked.text("payment_method")):
        why = "generic_decline"
        raise Refusal(
            402, "Your card was declined.", type="card_error", code="card_declined", decline_code=why, is_kept=True
        )
    return invoice


@route("POST /v1/invoices/{}/void", "invoice_write")
def _(asked: Asked) -> Body:
    invoice = _open(asked, "open", "uncollectible")
    void(asked.book, invoice)
    return invoice


@route("POST /v1/invoices/{}/mark_uncollectible", "invoice_write")
def _(asked: Asked) -> Body:
    invoice = _open(asked, "open")
    write_off(asked.book, invoice)
    return invoice


@route("GET /v1/invoice_payments/{}", "invoice_read")
def _(asked: Asked) -> Body:
    return asked.book.find("invoice_payment", asked.ids[0])


@route("GET /v1/invoice_payments", "invoice_read", "invoice payment status", is_list=True)
def _(asked: Asked) -> Body:
    payment = asked.params.get("payment") or {}
    wanted = payment.get("payment_intent")
    return listed(
        asked,
        "invoice_payment",
        "invoice",
        "status",
        where=lambda one: not wanted or one["payment"].get("payment_intent") == wanted,
    )
