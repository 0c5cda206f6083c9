"""`expand[]`: ids in an answer become the objects that they name."""

from copy import deepcopy
from typing import Any

from backend.demo.outside.stripe.book import Book
from backend.demo.outside.stripe.lists import as_list
from backend.demo.outside.stripe.refusal import invalid
from backend.demo.outside.stripe.rows import Body

_KINDS = {
    "customer": "customer",
    "subscription": "subscription",
    "latest_invoice": "invoice",
    "invoice": "invoice",
    "charge": "charge",
    "latest_charge": "charge",
    "payment_intent": "payment_intent",
    "balance_transaction": "balance_transaction",
    "balance_transactions": "balance_transaction",
    "default_payment_method": "payment_method",
    "payment_method": "payment_method",
    "discounts": "discount",
    "discount": "discount",
    "coupon": "coupon",
    "promotion_code": "promotion_code",
    "product": "product",
    "default_price": "price",
    "price": "price",
    "schedule": "subscription_schedule",
}
_DEEPEST = 4


def expanded(book: Book, body: Body, paths: Any) -> Body:
    """The answer with what `expand` names; Refusal (400) for what cannot be expanded."""
    if not paths:
        return body
    body = deepcopy(body)
    for path in paths if isinstance(paths, list) else [paths]:
        keys = path.split(".")
        if len(keys) > _DEEPEST:
            raise invalid("You cannot expand more than 4 levels of a property.", "expand")
        _expand(book, body, keys, path)
    return body


def _expand(book: Book, node: Any, keys: list[str], path: str) -> None:
    if not keys or node is None:
        return
    if isinstance(node, list):
        for one in node:
            _expand(book, one, keys, path)
        return
    key, rest = keys[0], keys[1:]
    if not isinstance(node, dict) or (key not in node and not _included(book, node, key)):
        raise invalid(f"This property cannot be expanded ({path}).", "expand")
    node[key] = _object(book, key, node[key], path)
    _expand(book, node[key], rest, path)


def _object(book: Book, key: str, value: Any, path: str) -> Any:
    if isinstance(value, list):
        return [_object(book, key, one, path) for one in value]
    if not isinstance(value, str):
        return value
    kind = _KINDS.get(key)
    if key == "source":
        kind = {"ch": "charge", "re": "refund", "po": "payout", "dp": "dispute", "du": "dispute"}.get(value[:2])
    if kind is None:
        raise invalid(f"This property cannot be expanded ({path}).", "expand")
    return deepcopy(book.rows(kind).get(value)) or value


def _included(book: Book, node: Body, key: str) -> bool:
    """Put what is in an answer only when it is asked for; whether there is such a thing."""
    found = {
        ("invoice", "payments"): ("invoice_payment", "invoice"),
        ("charge", "refunds"): ("refund", "charge"),
        ("customer", "subscriptions"): ("subscription", "customer"),
    }.get((str(node.get("object")), key))
    if found is None:
        return False
    kind, index = found
    node[key] = as_list(deepcopy(book.rows(kind).of(index, node["id"])), f"/v1/{kind}s")
    return True
