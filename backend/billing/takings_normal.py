"""Charges, refunds, payouts and balances as Stripe shows them, as columns of the mirror."""

from datetime import UTC, datetime
from typing import Any

from backend.billing.normal import Raw, id_of, line

Columns = dict[str, Any]


def charge(raw: Raw, now: datetime) -> Columns:
    """A charge. `captured` is nothing unless it succeeded: an amount that is only held was not taken."""
    is_taken = raw.get("status") == "succeeded" and raw.get("captured", True)
    amount = int(raw.get("amount") or 0)
    return {
        "stripe_charge_id": str(raw["id"]),
        "stripe_customer_id": id_of(raw.get("customer")),
        "status": line(raw.get("status"), 16) or "pending",
        "amount": amount,
        "captured": int(raw.get("amount_captured", amount) or 0) if is_taken else 0,
        "refunded": int(raw.get("amount_refunded") or 0),
        "currency": line(raw.get("currency"), 3).upper(),
        "failure_code": line(raw.get("failure_code"), 64) or None,
        "created_at": _instant(raw.get("created"), now),
    }


def refund(raw: Raw, now: datetime) -> Columns:
    """A refund; old ones have no status, and were done."""
    return {
        "stripe_refund_id": str(raw["id"]),
        "stripe_charge_id": id_of(raw.get("charge")),
        "status": line(raw.get("status"), 16) or "succeeded",
        "reason": line(raw.get("reason"), 40) or None,
        "amount": int(raw.get("amount") or 0),
        "currency": line(raw.get("currency"), 3).upper(),
        "created_at": _instant(raw.get("created"), now),
    }


def payout(raw: Raw, now: datetime) -> Columns:
    """A payout."""
    created = _instant(raw.get("created"), now)
    return {
        "stripe_payout_id": str(raw["id"]),
        "status": line(raw.get("status"), 16) or "pending",
        "amount": int(raw.get("amount") or 0),
        "currency": line(raw.get("currency"), 3).upper(),
        "is_automatic": bool(raw.get("automatic", True)),
        "failure_code": line(raw.get("failure_code"), 64) or None,
        "created_at": created,
        "arrives_at": _instant(raw.get("arrival_date"), created),
    }


def balance(raw: Raw) -> dict[str, tuple[int, int]]:
    """What is available and what is pending, by currency."""
    found: dict[str, tuple[int, int]] = {}
    for place, name in enumerate(("available", "pending")):
        for part in raw.get(name) or []:
            currency = line(part.get("currency"), 3).upper()
            amounts = list(found.get(currency, (0, 0)))
            amounts[place] += int(part.get("amount") or 0)
            found[currency] = (amounts[0], amounts[1])
    return found


def _instant(seconds: Any, otherwise: datetime) -> datetime:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int | float) and seconds else otherwise
