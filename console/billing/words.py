"""The words for subscriptions and what is done to them, the same wherever they are shown."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from backend.core.clock import instant
from console.desk import ages, wording
from widgets.paint import Cell

if TYPE_CHECKING:
    from backend.billing.schemas import Discount, PlanBrief, PlanRead, SubscriptionRead

UNDER_WAY = ("INTENDED", "CALLING")
CHANGE_SIGNS = {
    "INTENDED": ("⟳", "info", "asked"),
    "CALLING": ("⟳", "info", "under way, asked"),
    "DONE": ("✓", "ok", "done"),
    "FAILED": ("✗", "danger", "refused"),
    "MISMATCHED": ("⚠", "danger", "look at it: Stripe shows otherwise,"),
}
"""Sign, role and words of a change's state."""

NEXT_DATE = {"ended": "Ended", "ends": "Ends", "trial": "Trial till", "paused": "Resumes", "renews": "Renews"}

_STATES = {
    "active": ("●", "ok", "active"),
    "trialing": ("◔", "info", "in trial"),
    "past_due": ("!", "danger", "past due"),
    "unpaid": ("!", "danger", "unpaid"),
    "paused": ("‖", "warning", "paused"),
    "canceled": ("✗", "muted", "ended"),
    "incomplete": ("…", "warning", "first payment open"),
    "incomplete_expired": ("✗", "muted", "never paid"),
}


def state(one: SubscriptionRead, now: datetime) -> list[tuple[str, str]]:
    """A sign and words: what Stripe calls it is not all, for a paused one is active there."""
    sign, role, word = _STATES.get(one.status, ("?", "warning", one.status))
    if one.ended_at is None and one.pause is not None:
        sign, role, word = "‖", "warning", "billing paused"
    elif one.ended_at is None and (one.cancel_at_period_end or one.cancel_at):
        sign, role, word = "◐", "warning", f"{word}, will end"
    return [(f"{sign} ", role), (word, role)]


def next_kind(one: SubscriptionRead) -> str:
    """Which date matters next: a key of NEXT_DATE."""
    if one.ended_at is not None:
        return "ended"
    if one.cancel_at_period_end or one.cancel_at:
        return "ends"
    if one.pause is not None:
        return "paused"
    return "trial" if one.status == "trialing" else "renews"


def next_date(one: SubscriptionRead, now: datetime) -> Cell:
    """The date that matters next, and how far it is."""
    kind = next_kind(one)
    at = {
        "ended": one.ended_at,
        "ends": one.cancel_at or one.current_period_end,
        "paused": one.pause.resumes_at if one.pause else None,
        "trial": one.trial_end,
        "renews": one.current_period_end,
    }[kind]
    if at is None:
        return [("when somebody resumes it", "muted") if kind == "paused" else (ages.NOTHING, "muted")]
    apart = ages.since(instant(at), now) + " ago" if at <= now else "in " + ages.until(instant(at), now)
    return [(day(at, now), ""), (f"  {apart}", "muted")]


def day(at: datetime, now: datetime) -> str:
    """An instant as a day in the zone of `now`: `3 Feb`, with its year when that is another."""
    there = at.astimezone(now.tzinfo)
    return f"{there.day} {there:%b}" if there.year == now.year else f"{there.day} {there:%b %Y}"


def every(interval: str, count: int) -> str:
    """`a month`, `every 3 months`."""
    return f"{'an' if interval == 'hour' else 'a'} {interval}" if count == 1 else f"every {count} {interval}s"


def price(one: SubscriptionRead | PlanBrief | PlanRead) -> str:
    """What is billed, and how often."""
    return f"{wording.money(one.amount, one.currency)} {every(one.interval, one.interval_count)}"


def why_nothing(one: SubscriptionRead) -> str:
    """Why it brings nothing, when it brings nothing."""
    if one.mrr:
        return ""
    if one.ended_at is not None:
        return "  it is over"
    if one.pause is not None:
        return "  while it is paused"
    return "  in trial" if one.status == "trialing" else ""


def discount(one: Discount, currency: str, now: datetime) -> str:
    """`20 % off until 3 Feb`."""
    off = f"{one.percent_off:g} %" if one.percent_off is not None else wording.money(one.amount_off, currency)
    return f"{off} off until {day(one.ends_at, now)}" if one.ends_at else f"{off} off for good"


def troubles(one: SubscriptionRead) -> list[str]:
    """Why no offer should be made."""
    told = ["a payment is disputed"] if one.is_disputed else []
    return [*told, "an invoice is unpaid"] if one.has_unpaid_invoice else told


def freshness(one: SubscriptionRead, now: datetime) -> str:
    """How old what is shown may be."""
    age = ages.since(instant(one.read_at), now)
    match one.freshness:
        case "GONE" if one.former_account:
            return f"of {one.former_account}, which was connected before"
        case "GONE":
            return "gone: Stripe has it no more"
        case "STALE":
            return f"stale: Stripe was read {age} ago"
    return f"Stripe as of {age} ago"
