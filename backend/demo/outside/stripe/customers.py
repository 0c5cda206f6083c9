"""Customers and the cards that they pay with."""

from typing import Any

from backend.demo.outside.stripe.book import Book
from backend.demo.outside.stripe.lists import as_list, listed
from backend.demo.outside.stripe.refusal import invalid
from backend.demo.outside.stripe.routes import Asked, route
from backend.demo.outside.stripe.rows import Body
from backend.demo.outside.stripe.standing import ENDED, end

DECLINING = {
    "pm_card_chargeCustomerFail": "generic_decline",
    "pm_card_chargeDeclined": "generic_decline",
    "pm_card_chargeDeclinedInsufficientFunds": "insufficient_funds",
    "pm_card_chargeDeclinedExpiredCard": "expired_card",
}
"""Stripe's test payment methods whose charges fail, and why."""
_CUSTOMER = "address description email individual_name business_name name phone shipping metadata balance"


def customer_body(id: str, created: int, livemode: bool, **more: Any) -> Body:
    """A customer as Stripe writes it."""
    head = {"id": id, "object": "customer", "created": created, "livemode": livemode, "address": None, "balance": 0}
    body: Body = head | {"currency": None, "customer_account": None, "default_source": None, "delinquent": False}
    body |= {"description": None, "discount": None, "email": None, "invoice_prefix": id[-8:].upper(), "metadata": {}}
    settings = {"custom_fields": None, "default_payment_method": None, "footer": None, "rendering_options": None}
    body |= {"invoice_settings": settings, "name": None, "next_invoice_sequence": 1, "phone": None}
    body |= {"preferred_locales": [], "shipping": None, "tax_exempt": "none", "test_clock": None}
    return body | more


def make_card(book: Book, customer: str | None, decline: str | None = None, *, last4: str = "4242") -> Body:
    """A card; `decline` is why its charges fail."""
    card: Body = {"brand": "visa", "country": book.country, "exp_month": 12, "exp_year": 2034, "funding": "credit"}
    card |= {"display_brand": "visa", "fingerprint": f"fp{last4}", "last4": last4, "regulated_status": "unregulated"}
    card |= {"checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"}}
    card |= {"generated_from": None, "networks": {"available": ["visa"], "preferred": None}, "wallet": None}
    card |= {"three_d_secure_usage": {"supported": True}}
    made: Body = {"allow_redisplay": "unspecified", "card": card, "customer": customer, "customer_account": None}
    billing = {"address": None, "email": None, "name": None, "phone": None, "tax_id": None}
    method = book.add("payment_method", "pm", **made, billing_details=billing, metadata={}, type="card")
    if decline:
        book.declines[method["id"]] = decline
    return method


def paying_with(book: Book, customer: str, subscription: Body | None = None) -> str | None:
    """The payment method that is charged: the subscription's, or the customer's default."""
    if subscription and subscription["default_payment_method"]:
        return str(subscription["default_payment_method"])
    found = book.find("customer", customer)["invoice_settings"]["default_payment_method"]
    return str(found) if found else None


@route("POST /v1/customers", "customer_write", f"{_CUSTOMER} payment_method invoice_settings tax_exempt")
def _(asked: Asked) -> Body:
    book = asked.book
    made = customer_body("", book.now(), book.livemode, **_given(asked), metadata=asked.metadata())
    del made["id"]
    customer = book.add("customer", "cus", **made)
    customer["invoice_prefix"] = customer["id"][-8:]
    if method := asked.text("payment_method"):
        _attach(book, method, customer["id"])
    _set_default(asked, customer)
    book.tell("customer.created", customer)
    return customer


@route("POST /v1/customers/{}", "customer_write", f"{_CUSTOMER} invoice_settings tax_exempt default_source")
def _(asked: Asked) -> Body:
    customer = asked.book.find("customer", asked.ids[0])
    metadata = asked.metadata(customer["metadata"])
    with asked.book.changing("customer.updated", customer, **_given(asked), metadata=metadata):
        _set_default(asked, customer)
    return customer


@route("GET /v1/customers/{}", "customer_read")
def _(asked: Asked) -> Body:
    return asked.book.find("customer", asked.ids[0])


@route("GET /v1/customers", "customer_read", "email", is_list=True)
def _(asked: Asked) -> Body:
    return listed(asked, "customer", "email")


@route("DELETE /v1/customers/{}", "customer_write")
def _(asked: Asked) -> Body:
    customer = asked.book.find("customer", asked.ids[0])
    for subscription in asked.book.rows("subscription").of("customer", customer["id"]):
        if subscription["status"] not in ENDED:
            end(asked.book, subscription, None)
    asked.book.rows("customer").remove(customer["id"])
    asked.book.tell("customer.deleted", customer)
    return {"id": customer["id"], "object": "customer", "deleted": True}


@route("GET /v1/customers/{}/payment_methods", "payment_method_read", "type", is_list=True)
def _(asked: Asked) -> Body:
    asked.params["customer"] = asked.book.find("customer", asked.ids[0])["id"]
    return listed(asked, "payment_method", "customer", "type")


@route("POST /v1/payment_methods", "payment_method_write", "type card billing_details metadata")
def _(asked: Asked) -> Body:
    if asked.needed("type") != "card":
        raise invalid("This double has cards only.", "type")
    number = str((asked.params.get("card") or {}).get("number") or "4242424242424242")
    decline = "generic_decline" if number == "4000000000000341" else None
    return make_card(asked.book, None, decline, last4=number[-4:])


@route("POST /v1/payment_methods/{}/attach", "payment_method_write", "customer")
def _(asked: Asked) -> Body:
    customer = asked.book.named("customer", asked.needed("customer"), "customer")
    method = _attach(asked.book, asked.ids[0], customer["id"])
    asked.book.tell("payment_method.attached", method)
    return method


@route("POST /v1/payment_methods/{}/detach", "payment_method_write")
def _(asked: Asked) -> Body:
    method = asked.book.find("payment_method", asked.ids[0])
    with asked.book.changing("payment_method.detached", method, customer=None):
        pass
    return method


@route("GET /v1/payment_methods/{}", "payment_method_read")
def _(asked: Asked) -> Body:
    return asked.book.find("payment_method", asked.ids[0])


@route("GET /v1/payment_methods", "payment_method_read", "customer type", is_list=True)
def _(asked: Asked) -> Body:
    if not asked.params.get("customer"):
        return as_list([], asked.path)
    return listed(asked, "payment_method", "customer", "type")


def _given(asked: Asked) -> Body:
    names = ("address", "description", "email", "name", "phone", "shipping", "tax_exempt")
    given: Body = {name: asked.text(name) for name in names if name in asked.params}
    if "balance" in asked.params:
        given["balance"] = asked.number("balance")
    return given


def _attach(book: Book, id: str, customer: str) -> Body:
    if id.startswith("pm_card_"):  # a test payment method stands for a new card each time
        return make_card(book, customer, DECLINING.get(id))
    method = book.named("payment_method", id, "payment_method")
    method["customer"] = customer
    book.rows("payment_method").index(method)
    return method


def _set_default(asked: Asked, customer: Body) -> None:
    settings = asked.params.get("invoice_settings") or {}
    method = settings.get("default_payment_method")
    if method == asked.params.get("payment_method") and method:  # the card that was just made of it
        method = asked.book.rows("payment_method").of("customer", customer["id"])[-1]["id"]
    if method:
        asked.book.named("payment_method", method, "invoice_settings[default_payment_method]")
        customer["invoice_settings"] = customer["invoice_settings"] | {"default_payment_method": method}
