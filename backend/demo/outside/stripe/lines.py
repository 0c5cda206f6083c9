"""The lines of an invoice, and what discounts take off them."""

from datetime import UTC, datetime

from backend.demo.outside.stripe.book import Book, new_id
from backend.demo.outside.stripe.coupons import off
from backend.demo.outside.stripe.period import prorated
from backend.demo.outside.stripe.rows import Body


def item_line(book: Book, item: Body, start: int, end: int, *, amount: int | None = None, about: str = "") -> Body:
    """A line for a subscription's item. With `amount` and `about` it is a proration."""
    price, quantity, is_proration = item["price"], item["quantity"], amount is not None
    value = price["unit_amount"] * quantity if amount is None else amount
    name = book.find("product", price["product"])["name"]
    details = {"invoice_item": None, "proration": is_proration, "subscription": item["subscription"]}
    details |= {"proration_details": {"credited_items": None}, "subscription_item": item["id"]}
    line: Body = {"id": new_id("il"), "object": "line_item", "amount": value, "currency": price["currency"]}
    line |= {"description": f"{about} {name}".strip() if about else f"{quantity} × {name}", "discount_amounts": []}
    line |= {"discountable": not is_proration, "discounts": [], "invoice": None, "livemode": book.livemode}
    line |= {"metadata": {}, "period": {"start": start, "end": end}, "pretax_credit_amounts": []}
    line |= {"parent": {"type": "subscription_item_details", "subscription_item_details": details}}
    line["parent"]["invoice_item_details"] = None
    named = {"price": price["id"], "product": price["product"]}
    line["pricing"] = {
        "price_details": named,
        "type": "price_details",
        "unit_amount_decimal": str(price["unit_amount"]),
    }
    return line | {"quantity": quantity, "subscription": item["subscription"], "subtotal": value, "taxes": []}


def period_lines(book: Book, subscription: Body) -> list[Body]:
    """What a subscription costs in the periods that its items are in; nothing while on trial."""
    is_free = subscription["status"] == "trialing"
    lines = []
    for item in subscription["items"]["data"]:
        line = item_line(book, item, item["current_period_start"], item["current_period_end"])
        if is_free:
            line |= {"amount": 0, "subtotal": 0, "description": f"Trial period for {line['description'][4:]}"}
        lines.append(line)
    return lines


def proration_lines(book: Book, before: Body, after: Body, at: int, *, is_reset: bool) -> list[Body]:
    """What the rest of the period is worth: taken back for what was, charged for what is from `at` on.

    `is_reset`: a new period begins at `at`, so that only what was is taken back.
    """
    if before["status"] not in ("active", "past_due"):
        return []
    now_has = {item["id"]: item for item in after["items"]["data"]}
    lines, day = [], f"{datetime.fromtimestamp(at, UTC):%d %b %Y}"
    for item in before["items"]["data"]:
        other = now_has.pop(item["id"], None)
        if not is_reset and other and _cost(other) == _cost(item):
            continue
        lines.append(_prorated(book, before, item, at, -1, f"Unused time on after {day}"))
        if other and not is_reset:
            now_has[item["id"]] = other
    if not is_reset:
        changed = {line["parent"]["subscription_item_details"]["subscription_item"] for line in lines}
        known = {item["id"] for item in before["items"]["data"]}
        charged = [item for id, item in now_has.items() if id in changed or id not in known]
        lines += [_prorated(book, after, item, at, 1, f"Remaining time on after {day}") for item in charged]
    return [line for line in lines if line["amount"]]


def _cost(item: Body) -> tuple[str, int]:
    return item["price"]["id"], item["quantity"]


def _prorated(book: Book, subscription: Body, item: Body, at: int, sign: int, about: str) -> Body:
    start, end = item["current_period_start"], item["current_period_end"]
    full = item["price"]["unit_amount"] * item["quantity"]
    net = full - sum(_percents(book, subscription, full, item["price"]["product"]))
    words, day = about.split(" after ")
    line = item_line(book, item, at, end, amount=sign * prorated(net, start, end, at), about=words)
    line["description"] += f" after {day}"
    return line


def _percents(book: Book, subscription: Body, amount: int, product: str) -> list[int]:
    """What the subscription's percent discounts take off, each off what the one before left."""
    taken: list[int] = []
    for discount in discounts_of(book, subscription):
        coupon = book.find("coupon", discount["source"]["coupon"])
        if coupon["percent_off"] is not None and _is_for(coupon, product):
            taken.append(off(coupon, amount - sum(taken)))
    return taken


def discounts_of(book: Book, subscription: Body) -> list[Body]:
    """The discounts that count now."""
    found = [book.find("discount", id) for id in subscription["discounts"]]
    return [one for one in found if one["end"] is None or one["end"] > book.now()]


def take_off(book: Book, lines: list[Body], discounts: list[Body]) -> list[Body]:
    """Have discounts, in order, take off the lines; what each took in all, as `total_discount_amounts`."""
    totals = []
    for discount in discounts:
        coupon, taken = book.find("coupon", discount["source"]["coupon"]), 0
        for line in lines:
            left = line["amount"] - sum(one["amount"] for one in line["discount_amounts"])
            if (
                not line["discountable"]
                or left <= 0
                or not _is_for(coupon, line["pricing"]["price_details"]["product"])
            ):
                continue
            amount = off(coupon, left)
            if coupon["amount_off"] is not None:
                amount = min(amount, coupon["amount_off"] - taken)
            line["discount_amounts"].append({"amount": amount, "discount": discount["id"]})
            taken += amount
        totals.append({"amount": taken, "discount": discount["id"]})
    return totals


def _is_for(coupon: Body, product: str) -> bool:
    return "applies_to" not in coupon or product in coupon["applies_to"]["products"]
