"""Prorations that wait for the next invoice of their subscription."""

from copy import deepcopy
from typing import Any

from backend.demo.outside.stripe.book import Book
from backend.demo.outside.stripe.lists import listed
from backend.demo.outside.stripe.routes import Asked, route
from backend.demo.outside.stripe.rows import Body


def pend(book: Book, customer: str, line: Body) -> None:
    """Keep a line for the next invoice."""
    details = line["parent"]["subscription_item_details"]
    made: dict[str, Any] = {key: line[key] for key in ("amount", "currency", "description", "discountable")}
    made |= {"customer": customer, "customer_account": None, "date": book.now(), "discounts": [], "invoice": None}
    about = {"subscription": line["subscription"], "subscription_item": details["subscription_item"]}
    made |= {"metadata": {}, "net_amount": line["amount"], "parent": {"type": "subscription_details"}}
    made["parent"]["subscription_details"] = about
    made |= {"period": line["period"], "pricing": line["pricing"], "proration": details["proration"]}
    made |= {"proration_details": None, "quantity": line["quantity"], "quantity_decimal": str(line["quantity"])}
    item = book.add("invoiceitem", "ii", **made, tax_rates=[], test_clock=None)
    details["invoice_item"] = item["id"]
    del item["created"]
    book.pending.setdefault(line["subscription"], []).append(line)
    book.tell("invoiceitem.created", item)


def pending_lines(book: Book, subscription: Body) -> list[Body]:
    """What waits, to be put on an invoice."""
    return deepcopy(book.pending.get(subscription["id"], []))


def claim(book: Book, invoice: Body) -> None:
    """What is on this invoice waits no more."""
    taken = {line["parent"]["subscription_item_details"]["invoice_item"] for line in invoice["lines"]["data"]} - {None}
    for id in taken:
        book.find("invoiceitem", id)["invoice"] = invoice["id"]
    for line in invoice["lines"]["data"]:
        waiting = book.pending.get(line["subscription"], [])
        left = [one for one in waiting if one["parent"]["subscription_item_details"]["invoice_item"] not in taken]
        book.pending[line["subscription"]] = left


@route("GET /v1/invoiceitems", "invoice_read", "customer invoice pending", is_list=True)
def _(asked: Asked) -> Body:
    pending = asked.params.get("pending")
    return listed(
        asked,
        "invoiceitem",
        "customer",
        "invoice",
        where=lambda one: pending is None or (one["invoice"] is None) == asked.flag("pending"),
    )
