"""What the side panels say about a case, from the dashboard's answer. Plain values; drawing is the panel's."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from backend.core.clock import instant
from console.desk import ages, wording
from widgets.paint import Cell
from widgets.sparkline import sparkline

if TYPE_CHECKING:
    from backend.agent.schemas import Dashboard
    from backend.customers.schemas import CustomerRead

TREND_WIDTH = 24
REASONS = 3
"""A score never stands without its strongest reasons."""

LINKS = {
    "RELATES_TO": ("relates to", "relates to"),
    "DUPLICATE_OF": ("duplicates", "is duplicated by"),
    "CONTINUES": ("continues", "is continued by"),
    "MERGED_INTO": ("is part of", "has in it"),
}
"""What a link says, this way round and the other."""

TITLES = ("Customer", "Order and app", "Friction", "Churn", "Subscription", "History")


@dataclass(frozen=True, slots=True)
class Content:
    """What a panel shows: pairs, then lines, and how fresh they are."""

    pairs: Sequence[tuple[str, Cell]] = ()
    lines: Sequence[Cell] = ()
    freshness: str = ""


def contents(case: Dashboard, churn: Content, paid: Content, now: datetime) -> tuple[Content, ...]:
    """The panels, in the order of TITLES; `churn` is `console.customers.churn`'s, `paid` `console.billing.panel`'s."""
    return (
        customer(case.user_details),
        order(case, now),
        friction(case, now),
        churn,
        paid,
        history(case, now),
    )


def customer(who: CustomerRead) -> Content:
    """Who it is; e-mail and phone are masked by the server until they are asked for."""
    role = "warning" if who.is_revealed else ""
    pairs: list[tuple[str, Cell]] = [
        ("Name", [(who.name or "unknown", "customer bold")]),
        ("Id", who.user_id),
        ("Tier", [(who.tier.lower(), wording.TIER_ROLES.get(who.tier, ""))]),
        ("Language", who.language),
        ("E-mail", [(who.email or ages.NOTHING, role)]),
        *([("", [("wants no mail", "warning")])] if who.email_opt_out else []),
        ("Phone", [(who.phone or ages.NOTHING, role)]),
        ("Orders", _orders(who)),
    ]
    return Content(pairs, freshness="shown in full · recorded" if who.is_revealed else "u shows in full")


def _orders(who: CustomerRead) -> str:
    last = f", last {who.last_order_date:%-d %b %Y}" if who.last_order_date else ""
    return f"{who.past_order_count} before{last}" if who.past_order_count else "first one"


def order(case: Dashboard, now: datetime) -> Content:
    """What is in the cart, for how many and when, and the way through the app."""
    cart, app, row = case.order_context, case.app_state, case.incidence
    value = cart.estimated_value if cart.estimated_value is not None else row.order_value
    pairs: list[tuple[str, Cell]] = [
        ("Order", row.order_id or "none yet"),
        ("Value", [(wording.money(value, cart.currency) or ages.NOTHING, "money")]),
        ("Event", _event(case)),
        ("Guests", ages.NOTHING if cart.guest_count is None else f"{cart.guest_count:,}"),
        ("Platter", _name_of(cart.selected_platter) or ages.NOTHING),
        ("Cart", ", ".join(map(_name_of, cart.cart_items)) or "empty"),
        ("Screen", (app.current_screen or ages.NOTHING).replace("_", " ")),
    ]
    pairs += [
        ("Discount", [(f"−{wording.money(one.amount, cart.currency)}", "money"), (f"  by {one.given_by}", "muted")])
        for one in cart.discounts
    ]
    pairs += [
        ("Asked", [("; ".join(one.diff), "warning"), (f"  by {one.requested_by_name}", "muted")])
        for one in case.approvals
    ]
    if app.previous_screens:
        pairs.append(("Came by", [(" › ".join(app.previous_screens).replace("_", " "), "muted")]))
    if app.session_duration:
        seen = f"{ages.span(app.session_duration)}, {app.items_viewed} viewed, {app.items_added} added"
        pairs.append(("Visit", [(seen, "muted")]))
    if row.user_inputs:
        typed = ", ".join(f"{_title_of(name)} {_day(_name_of(value))}" for name, value in row.user_inputs.items())
        pairs.append(("Typed", typed))
    return Content(pairs, freshness=_fresh(app.last_activity, now))


def _event(case: Dashboard) -> str:
    kind = (case.order_context.event_type or "").replace("_", " ").lower()
    return " on ".join(part for part in (kind, _day(case.order_context.event_date or "")) if part) or ages.NOTHING


def _day(text: str) -> str:
    """A day as the app sent it, as one reads it: `2026-12-15` as `15 Dec 2026`; anything else as it is."""
    with contextlib.suppress(ValueError):
        day = date.fromisoformat(text)
        return f"{day.day} {day:%b %Y}"
    return text


def _title_of(name: str) -> str:
    """What the app calls a field, in words: `guestCount` or `guest_count` as `guest count`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ").lower()


def _name_of(item: Any) -> str:
    """A cart item, a platter or an input as one reads it, whatever shape the app sent."""
    if isinstance(item, Mapping):
        name = item.get("name") or item.get("title") or item.get("itemId") or item.get("id")
        if name is None:
            return ", ".join(f"{key} {value}" for key, value in item.items())
        count = item.get("quantity") or item.get("qty")
        return f"{name} ×{count}" if count else str(name)
    return "" if item is None else str(item)


def friction(case: Dashboard, now: datetime) -> Content:
    """The score with the rules that made it, its trend, and how old that is."""
    panel = case.friction
    band = wording.band(panel.score)
    lines: list[Cell] = [[(f"{panel.score} ", f"friction-{band} bold"), (f"of 100 · {band}", f"friction-{band}")]]
    lines += [
        [(f"+{reason.get('points', 0):>3}  ", f"friction-{band}"), (str(reason.get("text", "")), "")]
        for reason in panel.reasons[:REASONS]
    ]
    if more := len(panel.reasons) - REASONS:
        lines += [[(f"and {more} more", "muted")]] if more > 0 else []
    if not panel.reasons:
        lines.append([("No rule fired.", "muted")])
    if panel.trend:
        trend = sparkline([float(value) for value in panel.trend], TREND_WIDTH, 0, 100)
        lines.append([("trend ", "muted"), (trend, f"friction-{band}")])
    as_of = _fresh(panel.as_of, now)
    return Content(lines=lines, freshness=f"rules v{panel.rule_version} · {as_of}")


def history(case: Dashboard, now: datetime) -> Content:
    """What it is linked to, and the customer's other cases, newest first."""
    lines: list[Cell] = [
        [
            (f"{LINKS[link.kind][not link.is_outgoing]} ", "info"),
            (f"{link.ref} ", "bold"),
            (link.summary, ""),
            (f"  {link.reason}" if link.reason else "", "muted"),
        ]
        for link in case.links
    ]
    for before in case.previous_incidences:
        sign, role = wording.STATUS_SIGNS.get(before.status, ("?", "muted"))
        end = (before.outcome or before.status).lower()
        lines.append(
            [
                (f"{sign} ", role),
                (f"{before.ref} ", "bold"),
                (before.summary, ""),
                (f"  {end}, {ages.since(instant(before.created_at), now)} ago", "muted"),
            ]
        )
    return Content(lines=lines or [[("No case before this one.", "muted")]])


def _fresh(at: datetime | None, now: datetime) -> str:
    return "nothing seen in the app" if at is None else f"seen {ages.since(instant(at), now)} ago"
