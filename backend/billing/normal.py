"""Stripe's shapes, old and new, as one.

Read: everything up to 2026-10-28.endive. Since 2025-03-31 (basil) periods are on the items, an invoice's subscription is
under `parent`, and payments are rows of their own; since 2025-09-30 (clover) a discount's coupon is under `source`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from backend.billing.revenue import EARNING, Reduction, monthly, net_monthly, whole
from backend.core.clock import instant
from backend.core.text import clean_line

Raw = Mapping[str, Any]
_ID_KEYS = ("externalId", "external_id", "userId", "user_id")
"""Where a customer's metadata may say what the business's own systems call them."""


@dataclass(frozen=True)
class Price:
    """`amount` is of one unit, None when it depends on how many (tiers). `interval` is None when it does not recur."""

    id: str
    product_id: str
    name: str | None
    """Of the product if it was shown, else the price's own; None when neither says."""
    amount: int | None
    currency: str
    interval: str | None
    interval_count: int
    is_active: bool


@dataclass(frozen=True)
class Person:
    """A customer of Stripe's."""

    id: str
    external_id: str | None
    name: str
    email: str | None
    phone: str | None
    is_deleted: bool


@dataclass(frozen=True)
class Subscription:
    """`columns` are those of the mirror's row that need nothing else than what was shown."""

    id: str
    customer_id: str
    customer: Person | None
    price: Price | None
    columns: dict[str, Any]
    shows_schedule: bool
    scheduled_price_id: str | None
    has_open_invoice: bool


@dataclass(frozen=True)
class Invoice:
    id: str
    customer_id: str | None
    subscription_id: str | None
    columns: dict[str, Any]


@dataclass(frozen=True)
class Charge:
    id: str
    payment_intent_id: str | None
    invoice_id: str | None
    customer_id: str | None
    refunded: int
    fingerprint: str | None


@dataclass(frozen=True)
class Dispute:
    id: str
    charge: Charge | None
    charge_id: str | None
    payment_intent_id: str | None
    columns: dict[str, Any]


def price(raw: Raw) -> Price:
    """A price, or a plan of old."""
    recurring = raw.get("recurring") or ({"interval": raw.get("interval")} if raw.get("interval") else {})
    count = recurring.get("interval_count") or raw.get("interval_count") or 1
    product = raw.get("product")
    name = product.get("name") if isinstance(product, Mapping) else None
    amount = raw.get("unit_amount", raw.get("amount"))
    if amount is None and (exact := raw.get("unit_amount_decimal", raw.get("amount_decimal"))) is not None:
        amount = _whole(exact)
    is_metered = (recurring.get("usage_type") or raw.get("usage_type")) == "metered"
    return Price(
        str(raw["id"]),
        id_of(product) or "",
        line(name or raw.get("nickname"), 200) or None,
        0 if is_metered else amount,
        _currency(raw),
        recurring.get("interval"),
        int(count),
        bool(raw.get("active", True)) and not raw.get("deleted"),
    )


def person(raw: Raw) -> Person:
    """A customer; of a deleted one nothing but the id is left."""
    metadata = raw.get("metadata") or {}
    external = next((told for key in _ID_KEYS if (told := line(metadata.get(key), 128))), None)
    return Person(
        str(raw["id"]),
        external,
        line(raw.get("name"), 200),
        line(raw.get("email"), 254).lower() or None,
        line(raw.get("phone"), 40) or None,
        bool(raw.get("deleted")),
    )


def subscription(raw: Raw, now: datetime) -> Subscription:
    """A subscription as it was shown; what it brings is reckoned at `now`."""
    items = [item for item in (raw.get("items") or {}).get("data") or [] if not item.get("deleted")]
    prices = [price(item.get("price") or item.get("plan") or {"id": ""}) for item in items]
    first = prices[0] if prices and prices[0].id else None
    interval, count = (first.interval if first else None) or "month", first.interval_count if first else 1
    currency = _currency(raw) or (first.currency if first else "USD")
    quantities = [int(item.get("quantity") or 1) for item in items]
    amounts = [monthly_of(one, quantity) for one, quantity in zip(prices, quantities, strict=True)]
    per_interval = whole(sum(amounts, Decimal(0)) / (monthly(1, interval, count)))
    discounts = list(_discounts(raw, items))
    pause, status = raw.get("pause_collection") or None, str(raw.get("status"))
    details = raw.get("cancellation_details") or {}
    is_earning = status in EARNING and pause is None
    ends = [discount["endsAt"] for discount in discounts if discount["endsAt"]]
    schedule, (scheduled_price, scheduled_at) = raw.get("schedule"), _scheduled(raw, first, now)
    columns = {
        "stripe_item_id": text_of(items[0].get("id")) if items else None,
        "status": status,
        "quantity": quantities[0] if quantities else 1,
        "currency": currency,
        "amount": per_interval,
        "interval": interval,
        "interval_count": count,
        "mrr": net_monthly(per_interval, interval, count, map(reduction, discounts), now) if is_earning else 0,
        "started_at": _instant(raw.get("start_date") or raw.get("created")) or now,
        "current_period_start": _period(raw, items, "current_period_start"),
        "current_period_end": _period(raw, items, "current_period_end"),
        "trial_end": _instant(raw.get("trial_end")),
        "cancel_at_period_end": bool(raw.get("cancel_at_period_end")),
        "cancel_at": _instant(raw.get("cancel_at")),
        "canceled_at": _instant(raw.get("canceled_at")),
        "ended_at": _instant(raw.get("ended_at")),
        "cancellation_reason": text_of(details.get("reason")),
        "cancellation_feedback": text_of(details.get("feedback")),
        "paused_behavior": text_of(pause.get("behavior")) if pause else None,
        "resumes_at": _instant(pause.get("resumes_at")) if pause else None,
        "discount_percent": next((one["percentOff"] for one in discounts if one["percentOff"]), None),
        "discount_amount": next((one["amountOff"] for one in discounts if one["amountOff"]), None),
        "discount_ends_at": datetime.fromisoformat(min(ends)) if ends else None,
        "discounts": discounts,
        "stripe_schedule_id": id_of(schedule),
        "scheduled_at": scheduled_at,
        "collection_method": text_of(raw.get("collection_method")) or "charge_automatically",
        "billing_mode": text_of((raw.get("billing_mode") or {}).get("type")) or "classic",
        "is_live": bool(raw.get("livemode")),
    }
    customer = raw.get("customer")
    if fingerprint := _fingerprint(raw):
        columns["payment_fingerprint"] = fingerprint
    return Subscription(
        str(raw["id"]),
        id_of(customer) or "",
        person(customer) if isinstance(customer, Mapping) else None,
        first,
        columns,
        schedule is None or isinstance(schedule, Mapping),
        scheduled_price,
        status in ("past_due", "unpaid") or _is_unpaid(raw.get("latest_invoice")),
    )


def invoice(raw: Raw) -> Invoice:
    """An invoice as it was shown."""
    parent = (raw.get("parent") or {}).get("subscription_details") or {}
    paid_by = _payment(raw)
    taxes = raw.get("total_taxes") or raw.get("total_tax_amounts") or []
    tax = raw.get("tax") if raw.get("tax") is not None else sum(int(part.get("amount") or 0) for part in taxes)
    moments = raw.get("status_transitions") or {}
    columns = {
        "stripe_charge_id": id_of(raw.get("charge")) or id_of(paid_by.get("charge")),
        "stripe_payment_intent_id": id_of(raw.get("payment_intent")) or id_of(paid_by.get("payment_intent")),
        "status": text_of(raw.get("status")) or "draft",
        "billing_reason": text_of(raw.get("billing_reason")),
        "currency": _currency(raw),
        "subtotal": int(raw.get("subtotal") or 0),
        "discount": sum(int(part.get("amount") or 0) for part in raw.get("total_discount_amounts") or []),
        "tax": int(tax or 0),
        "total": int(raw.get("total") or 0),
        "amount_paid": int(raw.get("amount_paid") or 0),
        "attempts": int(raw.get("attempt_count") or 0),
        "created_at": _instant(raw.get("created")),
        "due_at": _instant(raw.get("next_payment_attempt") or raw.get("due_date")),
        "paid_at": _instant(moments.get("paid_at")) or _instant(raw.get("paid_at")),
        "period_start": _instant(raw.get("period_start")),
        "period_end": _instant(raw.get("period_end")),
    }
    owner = id_of(raw.get("subscription")) or id_of(parent.get("subscription"))
    return Invoice(str(raw["id"]), id_of(raw.get("customer")), owner, columns)


def charge(raw: Raw) -> Charge:
    """A charge as it was shown; only old ones name their invoice."""
    card = (raw.get("payment_method_details") or {}).get("card") or {}
    return Charge(
        str(raw["id"]),
        id_of(raw.get("payment_intent")),
        id_of(raw.get("invoice")),
        id_of(raw.get("customer")),
        int(raw.get("amount_refunded") or 0),
        text_of(card.get("fingerprint")),
    )


def dispute(raw: Raw) -> Dispute:
    """A dispute as it was shown."""
    about = raw.get("charge")
    columns = {
        "stripe_charge_id": id_of(about),
        "status": text_of(raw.get("status")) or "needs_response",
        "reason": text_of(raw.get("reason")) or "general",
        "amount": int(raw.get("amount") or 0),
        "currency": _currency(raw),
        "created_at": _instant(raw.get("created")),
    }
    shown = charge(about) if isinstance(about, Mapping) else None
    return Dispute(str(raw["id"]), shown, id_of(about), id_of(raw.get("payment_intent")), columns)


def monthly_of(one: Price, quantity: int) -> Decimal:
    """What an item brings in a month before discounts; nothing when it does not recur or depends on its use."""
    if one.interval is None or one.amount is None:
        return Decimal(0)
    return monthly(one.amount * quantity, one.interval, one.interval_count)


def _discounts(raw: Raw, items: list[Raw]) -> Iterator[dict[str, Any]]:
    """All discounts, of the subscription and of its items; amounts in minor units.

    One that was shown by its id alone says nothing and is left out.
    """
    told = [*(raw.get("discounts") or []), *(part for item in items for part in item.get("discounts") or [])]
    if isinstance(raw.get("discount"), Mapping) and not any(isinstance(one, Mapping) for one in told):
        told.append(raw["discount"])
    for one in told:
        if not isinstance(one, Mapping):
            continue
        coupon = one.get("coupon") or (one.get("source") or {}).get("coupon")
        detail: Raw = coupon if isinstance(coupon, Mapping) else {}
        yield {
            "id": text_of(one.get("id")) or "",
            "coupon": id_of(coupon),
            "name": line(detail.get("name"), 200) or None,
            "percentOff": detail.get("percent_off"),
            "amountOff": detail.get("amount_off"),
            "duration": text_of(detail.get("duration")),
            "endsAt": instant(ends) if (ends := _instant(one.get("end"))) else None,
        }


def reduction(discount: Raw) -> Reduction:
    """A discount of the mirror's row as money."""
    percent = discount["percentOff"]
    ends = datetime.fromisoformat(discount["endsAt"]) if discount["endsAt"] else None
    exact = Decimal(str(percent)) if percent else None
    return Reduction(exact, discount["amountOff"], ends, discount["duration"] == "once")


def _scheduled(raw: Raw, current: Price | None, now: datetime) -> tuple[str | None, datetime | None]:
    """The next other price that the schedule moves it to, and when."""
    schedule = raw.get("schedule")
    if not isinstance(schedule, Mapping) or schedule.get("status") not in ("active", "not_started"):
        return None, None
    for phase in schedule.get("phases") or []:
        starts, items = _instant(phase.get("start_date")), phase.get("items") or []
        wanted = id_of(items[0].get("price") or items[0].get("plan")) if items else None
        if starts and starts > now and wanted and wanted != (current.id if current else None):
            return wanted, starts
    return None, None


def _period(raw: Raw, items: list[Raw], name: str) -> datetime | None:
    """Since basil each item has a period of its own: the first to end counts."""
    told = [item[name] for item in items if item.get(name)] or [raw.get(name)]
    return _instant(min(told)) if all(told) else None


def _is_unpaid(raw: Any) -> bool:
    return isinstance(raw, Mapping) and raw.get("status") == "open" and bool(raw.get("attempt_count"))


def _payment(raw: Raw) -> Raw:
    """What an invoice was paid with: the payment that went through, else the default one."""
    told = (raw.get("payments") or {}).get("data") or []
    told = sorted(told, key=lambda one: (one.get("status") != "paid", not one.get("is_default")))
    found: Raw = (told[0].get("payment") or {}) if told else {}
    return found


def _fingerprint(raw: Raw) -> str | None:
    """Of the card that pays: the subscription's own method goes before the customer's."""
    customer = raw.get("customer")
    settings = customer.get("invoice_settings") or {} if isinstance(customer, Mapping) else {}
    for method in (raw.get("default_payment_method"), settings.get("default_payment_method")):
        if isinstance(method, Mapping):
            return text_of((method.get("card") or {}).get("fingerprint"))
    return None


def id_of(value: Any) -> str | None:
    """The id of what was shown whole, or by its id alone."""
    return text_of(value.get("id") if isinstance(value, Mapping) else value)


def text_of(value: Any) -> str | None:
    return clean_line(value)[:255] or None if isinstance(value, str) else None


def line(value: Any, longest: int = 200) -> str:
    """A text of Stripe's, cleaned; "" for anything else."""
    return clean_line(value)[:longest] if isinstance(value, str) else ""


def _currency(raw: Raw) -> str:
    return line(raw.get("currency"), 3).upper()


def _instant(seconds: Any) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int | float) and seconds else None


def _whole(exact: Any) -> int | None:
    try:
        return whole(Decimal(str(exact)))
    except InvalidOperation:
        return None
