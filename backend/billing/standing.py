"""How a subscription stands, of what can be changed on it: read from what Stripe shows, and held against what was wanted.

A standing is plain JSON, kept with each change before and after it. Instants are ISO 8601 texts, amounts do not occur.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from backend.core.clock import instant
from backend.core.text import clean_line

Shown = Mapping[str, Any]
Standing = dict[str, Any]


def standing_of(subscription: Shown) -> Standing:
    """The standing of a subscription as the API of the pinned version shows it, its schedule and discounts expanded."""
    items = (subscription.get("items") or {}).get("data") or []
    item = items[0] if len(items) == 1 else {}
    pause = subscription.get("pause_collection") or {}
    details = subscription.get("cancellation_details") or {}
    period_end = _at(item.get("current_period_end") or subscription.get("current_period_end"))
    cancel_at = _at(subscription.get("cancel_at"))
    schedule = subscription.get("schedule")
    return {
        "status": subscription.get("status"),
        "itemId": item.get("id"),
        "priceId": (item.get("price") or {}).get("id"),
        "quantity": item.get("quantity"),
        "periodEnd": period_end,
        "trialEnd": _at(subscription.get("trial_end")),
        "pausedBehavior": pause.get("behavior"),
        "resumesAt": _at(pause.get("resumes_at")),
        "cancelAtPeriodEnd": _ends_with_period(subscription, cancel_at, period_end),
        "cancelAt": cancel_at,
        "feedback": details.get("feedback"),
        "discounts": [_discount(one) for one in subscription.get("discounts") or []],
        "scheduleId": schedule.get("id") if isinstance(schedule, Mapping) else schedule,
        "scheduled": _scheduled(schedule) if isinstance(schedule, Mapping) else None,
    }


def _ends_with_period(subscription: Shown, cancel_at: str | None, period_end: str | None) -> bool:
    """With flexible billing the wish to end at the end of the period may show as `cancel_at` alone."""
    return bool(subscription.get("cancel_at_period_end")) or (cancel_at is not None and cancel_at == period_end)


def _discount(one: Any) -> Standing:
    if not isinstance(one, Mapping):
        return {"id": one, "coupon": None, "endsAt": None}
    coupon = (one.get("source") or {}).get("coupon")
    name = coupon.get("id") if isinstance(coupon, Mapping) else coupon
    percent = coupon.get("percent_off") if isinstance(coupon, Mapping) else None
    return {"id": one.get("id"), "coupon": name, "endsAt": _at(one.get("end")), "percentOff": percent}


def _scheduled(schedule: Shown) -> Standing | None:
    """What comes after the phase that runs; None when nothing does."""
    running = schedule.get("current_phase") or {}
    for phase in schedule.get("phases") or []:
        if running and phase["start_date"] >= running["end_date"]:
            (item, *_) = phase["items"]
            price = item.get("price")
            return {
                "priceId": price.get("id") if isinstance(price, Mapping) else price,
                "quantity": item.get("quantity"),
                "at": _at(phase["start_date"]),
                "endBehavior": schedule.get("end_behavior"),
            }
    return None


def unlike(wanted: Standing, shown: Standing) -> list[str]:
    """The fields in which `shown` is not as `wanted`: all that is wanted is looked at, and nothing else.

    `coupons` are those that must be there, in any order and among others.
    """
    return [name for name, value in wanted.items() if not _is(name, value, shown)]


def _is(name: str, value: Any, shown: Standing) -> bool:
    if name == "coupons":
        return set(value) <= set(coupons_of(shown["discounts"]))
    return bool(shown.get(name) == value)


def coupons_of(discounts: Iterable[Standing]) -> list[str]:
    """What a discount is known by: its coupon, or its own id when Stripe does not say of what coupon it is."""
    return [str(one["coupon"] or one["id"]) for one in discounts]


def in_words(names: Iterable[str], wanted: Standing, shown: Standing) -> str:
    """The fields that are otherwise: "quantity is 2 instead of 1"."""
    return "; ".join(f"{name} is {_plain(name, shown)} instead of {wanted[name]}" for name in names)


def _plain(name: str, shown: Standing) -> str:
    value = coupons_of(shown["discounts"]) if name == "coupons" else shown.get(name)
    return clean_line(str(value))[:200]


def _at(unix: Any) -> str | None:
    """Unix seconds as an ISO text."""
    return instant(datetime.fromtimestamp(unix, UTC)) if isinstance(unix, int) else None


def unix(text: str) -> int:
    """An ISO text as Unix seconds."""
    return int(datetime.fromisoformat(text).timestamp())
