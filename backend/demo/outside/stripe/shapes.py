"""Objects in the shapes of older API versions, made of those that are kept.

What moved, as Stripe's changelog has it: 2025-03-31.basil took the period from the subscription to its items, the
subscription from the invoice to `parent`, and the invoice from the charge; 2025-09-30.clover took the coupon from the
discount to `source` and from the promotion code to `promotion`.
"""

from typing import Any

from backend.demo.outside.stripe.book import Book
from backend.demo.outside.stripe.rows import Body

BASIL = "2025-03-31"
CLOVER = "2025-09-30"


def shaped(book: Book, body: Any, version: str) -> Any:
    """An answer's body (or a part of it) as `version` has it. What is given is left as it is."""
    if version[:10] >= CLOVER:
        return body
    if isinstance(body, list):
        return [shaped(book, one, version) for one in body]
    if not isinstance(body, dict):
        return body
    body = {key: shaped(book, value, version) for key, value in body.items()}
    kind = body.get("object")
    if kind == "discount":
        source = body.pop("source")
        body["coupon"] = _coupon(book, source["coupon"])
    elif kind == "promotion_code":
        body["coupon"] = _coupon(book, body.pop("promotion")["coupon"])
    elif kind == "event" and "previous_attributes" in body["data"] and version[:10] < BASIL:
        body["data"]["previous_attributes"] = _previous(body["data"]["previous_attributes"])
    if version[:10] < BASIL and (older := _OLDER.get(str(kind))):
        older(book, body)
    return body


def _coupon(book: Book, coupon: Any) -> Any:
    return coupon if isinstance(coupon, dict) else (book.rows("coupon").get(coupon) or {"id": coupon})


def _subscription(book: Book, body: Body) -> None:
    for item in body["items"]["data"]:
        start, end = item.pop("current_period_start"), item.pop("current_period_end")
        body |= {"current_period_start": start, "current_period_end": end}
    last = body["discounts"][-1] if body["discounts"] else None
    if isinstance(last, str):
        last = shaped(book, book.find("discount", last), BASIL)
    body["discount"] = last
    del body["billing_mode"]


def _invoice(book: Book, body: Body) -> None:
    details = (body.pop("parent") or {}).get("subscription_details")
    body["subscription"] = details["subscription"] if details else None
    body["subscription_details"] = {"metadata": details["metadata"]} if details else None
    payment = next(iter(book.rows("invoice_payment").of("invoice", body["id"])), None)
    intent = book.find("payment_intent", payment["payment"]["payment_intent"]) if payment else None
    body |= {"payment_intent": intent["id"] if intent else None, "charge": intent["latest_charge"] if intent else None}
    body |= {"paid": body["status"] == "paid", "paid_out_of_band": False, "tax": None}


def _line(book: Book, body: Body) -> None:
    details = body.pop("parent")["subscription_item_details"]
    body |= {"proration": details["proration"], "subscription_item": details["subscription_item"]}
    body["type"] = "subscription" if details["invoice_item"] is None else "invoiceitem"
    price = book.rows("price").get(body.pop("pricing")["price_details"]["price"])
    body |= {"price": price, "invoice_item": details["invoice_item"]}


def _charge(book: Book, body: Body) -> None:
    found = book.rows("invoice_payment").of("payment_intent", str(body["payment_intent"]))
    body["invoice"] = found[0]["invoice"] if found else None


def _intent(book: Book, body: Body) -> None:
    found = book.rows("invoice_payment").of("payment_intent", body["id"])
    body["invoice"] = found[0]["invoice"] if found else None


def _previous(previous: Body) -> Body:
    items = previous.get("items")
    if not isinstance(items, dict):
        return previous
    first = items["data"][0]
    period = {key: first[key] for key in ("current_period_start", "current_period_end") if key in first}
    return previous | period


_OLDER = {
    "subscription": _subscription,
    "invoice": _invoice,
    "line_item": _line,
    "charge": _charge,
    "payment_intent": _intent,
}
