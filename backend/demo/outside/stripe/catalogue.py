"""Products, their prices, and the coupons and codes that take something off them."""

from typing import Any

from backend.demo.outside.stripe.book import Book
from backend.demo.outside.stripe.lists import listed
from backend.demo.outside.stripe.refusal import invalid
from backend.demo.outside.stripe.routes import Asked, route
from backend.demo.outside.stripe.rows import Body

INTERVALS = ("day", "week", "month", "year")


def make_product(book: Book, name: str, **more: Any) -> Body:
    made: Body = {"active": True, "default_price": None, "description": None, "images": [], "marketing_features": []}
    made |= {"metadata": {}, "name": name, "package_dimensions": None, "shippable": None, "statement_descriptor": None}
    made |= {"tax_code": None, "type": "service", "unit_label": None, "updated": book.now(), "url": None}
    return book.add("product", "prod", **made | more)


def make_price(book: Book, product: str, amount: int, currency: str, recurring: Body | None, **more: Any) -> Body:
    """A price; `recurring` has `interval` and `interval_count`, None is paid once."""
    if recurring is not None:
        plain: Body = {"interval": "month", "interval_count": 1, "meter": None, "usage_type": "licensed"}
        recurring = plain | recurring
        recurring |= {"interval_count": int(recurring["interval_count"]), "trial_period_days": None}
    made: Body = {"active": True, "billing_scheme": "per_unit", "currency": currency, "custom_unit_amount": None}
    made |= {"lookup_key": None, "metadata": {}, "nickname": None, "product": product, "recurring": recurring}
    made |= {"tax_behavior": "unspecified", "tiers_mode": None, "transform_quantity": None}
    made |= {"type": "recurring" if recurring else "one_time", "unit_amount": amount}
    return book.add("price", "price", **made | {"unit_amount_decimal": str(amount)} | more)


def plan_of(price: Body) -> Body | None:
    """The plan that a recurring price also is."""
    recurring = price["recurring"]
    if recurring is None:
        return None
    plan: Body = {key: price[key] for key in ("id", "active", "billing_scheme", "created", "currency", "livemode")}
    plan |= {"object": "plan", "amount": price["unit_amount"], "amount_decimal": price["unit_amount_decimal"]}
    plan |= {key: recurring[key] for key in ("interval", "interval_count", "meter", "trial_period_days", "usage_type")}
    plan |= {"metadata": price["metadata"], "nickname": price["nickname"], "product": price["product"]}
    return plan | {"tiers_mode": None, "transform_usage": None}


@route("POST /v1/products", "product_write", "name active description metadata id images statement_descriptor url")
def _(asked: Asked) -> Body:
    given: Body = {"id": asked.text("id"), "description": asked.text("description"), "metadata": asked.metadata()}
    product = make_product(asked.book, asked.needed("name"), **given)
    asked.book.tell("product.created", product)
    return product


@route("POST /v1/products/{}", "product_write", "name active description metadata default_price url")
def _(asked: Asked) -> Body:
    product = asked.book.find("product", asked.ids[0])
    with asked.book.changing("product.updated", product, metadata=asked.metadata(product["metadata"])):
        product |= {key: asked.text(key) for key in ("name", "description", "default_price") if key in asked.params}
        product |= {"active": asked.flag("active")} if "active" in asked.params else {}
        product["updated"] = asked.book.now()
    return product


@route("GET /v1/products/{}", "product_read")
def _(asked: Asked) -> Body:
    return asked.book.find("product", asked.ids[0])


@route("GET /v1/products", "product_read", "active ids", is_list=True)
def _(asked: Asked) -> Body:
    ids = asked.params.get("ids")
    return listed(asked, "product", "active", where=lambda one: not ids or one["id"] in ids)


@route(
    "POST /v1/prices",
    "plan_write",
    "currency product unit_amount unit_amount_decimal recurring product_data nickname metadata lookup_key active",
)
def _(asked: Asked) -> Body:
    currency, amount = asked.needed("currency"), asked.number("unit_amount")
    if amount is None:
        raise invalid("Prices require an `unit_amount` or `unit_amount_decimal` parameter to be set.", "unit_amount")
    recurring = asked.params.get("recurring")
    if recurring is not None and recurring.get("interval") not in INTERVALS:
        raise invalid("Invalid recurring[interval]: must be one of day, month, week, or year", "recurring[interval]")
    if data := asked.params.get("product_data"):
        product = make_product(asked.book, data["name"])["id"]
    else:
        product = asked.book.named("product", asked.needed("product"), "product")["id"]
    named = {"nickname": asked.text("nickname"), "lookup_key": asked.text("lookup_key"), "metadata": asked.metadata()}
    price = make_price(asked.book, product, amount, currency.lower(), recurring, **named)
    asked.book.tell("price.created", price)
    return price


@route("POST /v1/prices/{}", "plan_write", "active nickname metadata lookup_key")
def _(asked: Asked) -> Body:
    price = asked.book.find("price", asked.ids[0])
    with asked.book.changing("price.updated", price, metadata=asked.metadata(price["metadata"])):
        price |= {key: asked.text(key) for key in ("nickname", "lookup_key") if key in asked.params}
        price |= {"active": asked.flag("active")} if "active" in asked.params else {}
    return price


@route("GET /v1/prices/{}", "plan_read")
def _(asked: Asked) -> Body:
    return asked.book.find("price", asked.ids[0])


@route("GET /v1/prices", "plan_read", "active product type currency lookup_keys", is_list=True)
def _(asked: Asked) -> Body:
    keys = asked.params.get("lookup_keys")
    return listed(
        asked, "price", "active", "product", "type", "currency", where=lambda one: not keys or one["lookup_key"] in keys
    )
