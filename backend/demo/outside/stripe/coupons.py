"""Coupons, promotion codes, and the discounts that they become on a subscription."""

from typing import Any

from backend.demo.outside.stripe.book import Book
from backend.demo.outside.stripe.form import Params
from backend.demo.outside.stripe.lists import listed
from backend.demo.outside.stripe.period import shifted
from backend.demo.outside.stripe.refusal import invalid
from backend.demo.outside.stripe.routes import Asked, route
from backend.demo.outside.stripe.rows import Body


def make_coupon(book: Book, *, duration: str = "once", id: str | None = None, **more: Any) -> Body:
    made: Body = {"amount_off": None, "currency": None, "duration": duration, "duration_in_months": None}
    made |= {"max_redemptions": None, "metadata": {}, "name": None, "percent_off": None, "redeem_by": None}
    return book.add("coupon", "co", id=id, **made | {"times_redeemed": 0, "valid": True} | more)


def freshened(book: Book, coupon: Body) -> Body:
    """The coupon, with whether it can still be redeemed now."""
    over = coupon["redeem_by"] is not None and book.now() >= coupon["redeem_by"]
    used = coupon["max_redemptions"] is not None and coupon["times_redeemed"] >= coupon["max_redemptions"]
    coupon["valid"] = not over and not used
    return coupon


def discounted(book: Book, subscription: Body, given: Any) -> list[str]:
    """Ids of the discounts that a subscription has after `discounts=` was given: what is not named is gone.

    Each place names a `coupon`, a `promotion_code`, or a `discount` that is kept. Refusal (400) when it cannot be.
    """
    wanted = given if isinstance(given, list) else []
    checked = [_checked(book, subscription, one, f"discounts[{at}]") for at, one in enumerate(wanted)]
    return [one if isinstance(one, str) else _redeem(book, subscription, *one) for one in checked]


def _checked(book: Book, subscription: Body, one: Params, param: str) -> str | tuple[Body, str | None]:
    if kept := one.get("discount"):
        if kept not in subscription["discounts"]:
            raise invalid(f"No such discount: '{kept}'", f"{param}[discount]", "resource_missing")
        return str(kept)
    code = None
    if promotion := one.get("promotion_code"):
        code = book.named("promotion_code", promotion, f"{param}[promotion_code]")
        if not code["active"]:
            raise invalid("This promotion code is inactive.", f"{param}[promotion_code]")
        one = {"coupon": code["promotion"]["coupon"]}
    name = one.get("coupon")
    coupon = book.named("coupon", name, f"{param}[coupon]")
    if not freshened(book, coupon)["valid"]:
        raise invalid(
            f"Coupon {name} is used up or expired and cannot be applied.", f"{param}[coupon]", "coupon_expired"
        )
    if coupon["amount_off"] is not None and coupon["currency"] != subscription["currency"]:
        raise invalid("The currency of the coupon does not match the subscription's.", f"{param}[coupon]")
    return coupon, code["id"] if code else None


def _redeem(book: Book, subscription: Body, coupon: Body, promotion_code: str | None) -> str:
    coupon["times_redeemed"] += 1
    freshened(book, coupon)
    if promotion_code:
        book.find("promotion_code", promotion_code)["times_redeemed"] += 1
    now, months = book.now(), coupon["duration_in_months"]
    made: Body = {"checkout_session": None, "customer": subscription["customer"], "customer_account": None}
    made |= {"end": shifted(now, "month", months) if coupon["duration"] == "repeating" else None, "invoice": None}
    made |= {"invoice_item": None, "promotion_code": promotion_code, "start": now, "subscription": subscription["id"]}
    made |= {"source": {"coupon": coupon["id"], "type": "coupon"}, "subscription_item": None}
    discount = book.add("discount", "di", **made)
    for key in ("created", "livemode"):
        del discount[key]
    return str(discount["id"])


def off(coupon: Body, amount: int) -> int:
    """What a coupon takes off an amount, in minor units, never more than all of it."""
    if coupon["percent_off"] is not None:
        return min(amount, int(amount * coupon["percent_off"] / 100 + 0.5))
    return min(amount, coupon["amount_off"] or 0)


@route(
    "POST /v1/coupons",
    "coupon_write",
    "id amount_off currency percent_off duration duration_in_months max_redemptions redeem_by name metadata applies_to",
)
def _(asked: Asked) -> Body:
    book, percent, amount = asked.book, asked.text("percent_off"), asked.number("amount_off")
    if (percent is None) == (amount is None):
        raise invalid("You must pass either `percent_off` or `amount_off`, not both.", "percent_off")
    if percent is not None and not 0 < float(percent) <= 100:
        raise invalid("Invalid percent_off: must be greater than 0 and at most 100.", "percent_off")
    if amount is not None:
        asked.needed("currency")
    duration = asked.text("duration", "once") or "once"
    months = asked.number("duration_in_months")
    if (duration == "repeating") != (months is not None):
        raise invalid("`duration_in_months` goes with a `duration` of `repeating`, and only with it.", "duration")
    redeem_by = asked.number("redeem_by")
    if redeem_by is not None and redeem_by <= book.now():
        raise invalid("Redeem by must be in the future.", "redeem_by")
    if (id := asked.text("id")) and id in book.rows("coupon"):
        raise invalid("Coupon already exists.", "id", "resource_already_exists")
    values: Body = {"percent_off": float(percent) if percent else None, "amount_off": amount, "redeem_by": redeem_by}
    values |= {"currency": asked.text("currency"), "duration_in_months": months, "name": asked.text("name")}
    values |= {"max_redemptions": asked.number("max_redemptions"), "metadata": asked.metadata()}
    if applies := asked.params.get("applies_to"):
        values["applies_to"] = {"products": list(applies["products"])}
    coupon = make_coupon(book, duration=duration, id=id, **values)
    book.tell("coupon.created", coupon)
    return coupon


@route("POST /v1/coupons/{}", "coupon_write", "name metadata")
def _(asked: Asked) -> Body:
    coupon = asked.book.find("coupon", asked.ids[0], "coupon")
    with asked.book.changing("coupon.updated", coupon, metadata=asked.metadata(coupon["metadata"])):
        coupon["name"] = asked.text("name", coupon["name"])
    return coupon


@route("GET /v1/coupons/{}", "coupon_read")
def _(asked: Asked) -> Body:
    return freshened(asked.book, asked.book.find("coupon", asked.ids[0], "coupon"))


@route("GET /v1/coupons", "coupon_read", is_list=True)
def _(asked: Asked) -> Body:
    return listed(asked, "coupon")


@route("DELETE /v1/coupons/{}", "coupon_write")
def _(asked: Asked) -> Body:
    coupon = asked.book.find("coupon", asked.ids[0], "coupon")
    asked.book.rows("coupon").remove(coupon["id"])
    asked.book.tell("coupon.deleted", coupon)
    return {"id": coupon["id"], "object": "coupon", "deleted": True}


@route(
    "POST /v1/promotion_codes",
    "promotion_code_write",
    "promotion code customer active expires_at max_redemptions metadata restrictions",
)
def _(asked: Asked) -> Body:
    promotion = asked.needed("promotion")
    coupon = asked.book.named("coupon", promotion.get("coupon"), "promotion[coupon]")
    made: Body = {"active": True, "code": asked.text("code") or f"CODE{len(asked.book.rows('promotion_code')) + 1}"}
    made |= {"customer": asked.text("customer"), "customer_account": None, "expires_at": asked.number("expires_at")}
    made |= {"max_redemptions": asked.number("max_redemptions"), "metadata": asked.metadata(), "times_redeemed": 0}
    made |= {"promotion": {"coupon": coupon["id"], "type": "coupon"}}
    limits = {"first_time_transaction": False, "minimum_amount": None, "minimum_amount_currency": None}
    code = asked.book.add("promotion_code", "promo", **made, restrictions=limits)
    asked.book.tell("promotion_code.created", code)
    return code


@route("POST /v1/promotion_codes/{}", "promotion_code_write", "active metadata")
def _(asked: Asked) -> Body:
    code = asked.book.find("promotion_code", asked.ids[0])
    with asked.book.changing("promotion_code.updated", code, metadata=asked.metadata(code["metadata"])):
        code |= {"active": asked.flag("active")} if "active" in asked.params else {}
    return code


@route("GET /v1/promotion_codes/{}", "promotion_code_read")
def _(asked: Asked) -> Body:
    return asked.book.find("promotion_code", asked.ids[0])


@route("GET /v1/promotion_codes", "promotion_code_read", "active code coupon customer", is_list=True)
def _(asked: Asked) -> Body:
    return listed(asked, "promotion_code", "active", "code", "customer")
