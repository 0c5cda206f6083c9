"""What an event says should be looked at again; its snapshot is not believed, for it may be old when it comes."""

from collections.abc import Mapping
from typing import NamedTuple

from backend.billing.normal import Raw, id_of, text_of


class Hint(NamedTuple):
    """What an event says should be looked at. `kind` is None for what concerns nothing here."""

    kind: str | None
    id: str | None


def hint(event: Raw) -> Hint:
    """What to look at again after an event; its snapshot is not believed, for it may be old when it comes."""
    told, type = _object(event), str(event.get("type", ""))
    id = text_of(told.get("id"))
    if type == "account.application.deauthorized":
        return Hint("account", text_of(event.get("account")))
    if type.startswith("customer.subscription."):
        return Hint("subscription", id)
    if type.startswith("subscription_schedule."):
        owner = id_of(told.get("subscription")) or id_of(told.get("released_subscription"))
        return Hint("subscription", owner) if owner else Hint(None, None)
    if type.startswith("customer.discount."):
        owner = id_of(told.get("subscription"))
        return Hint("subscription", owner) if owner else Hint("customer", id_of(told.get("customer")))
    if type in ("customer.updated", "customer.created", "customer.deleted"):
        return Hint("customer", id)
    if type.startswith("charge.dispute."):
        return Hint("dispute", id)
    if type.startswith("invoice_payment."):
        return Hint("invoice", id_of(told.get("invoice")))
    if type.startswith("invoice.") and type != "invoice.upcoming":
        return Hint("invoice", id)
    if type.startswith("payout."):
        return Hint("payout", id)
    if type.startswith(("refund.", "charge.refund.")):
        return Hint("charge", id_of(told.get("charge")))
    if type.startswith("charge."):
        return Hint("charge", id)
    if type.startswith(("price.", "plan.")):
        return Hint("price", id)
    if type.startswith("product."):
        return Hint("product", id)
    return Hint(None, None)


def payer_of(event: Raw) -> str | None:
    """Stripe's id of the customer whom an event tells of, where it says so."""
    told = _object(event)
    return id_of(told if told.get("object") == "customer" else told.get("customer"))


def _object(event: Raw) -> Raw:
    told = (event.get("data") or {}).get("object")
    return told if isinstance(told, Mapping) else {}
