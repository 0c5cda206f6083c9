"""Asks in words: what would be done, and what has changed in the case since."""

from collections.abc import Mapping
from typing import Any

from backend.agent import params as p
from backend.agent.judging import Ask
from backend.agent.orders import Order, inputs_of, names_of, order_of
from backend.incidences.models import Incidence
from backend.rules.tracing import cleaned
from backend.rules.wording import number_in_words, plainly
from backend.work import Work

_HELD = {
    "orderValue": "order value",
    "discounted": "discounts",
    "orderId": "order",
    "stage": "stage",
    "eventType": "event",
    "items": "items",
    "guests": "guests",
    "eventDate": "event date",
}


def title_of(action: str) -> str:
    """`APPLY_DISCOUNT` as `apply discount`."""
    return action.replace("_", " ").lower()


def lines_of(work: Work, row: Incidence, ask: Ask) -> list[str]:
    """What an ask does, a line each: `discount 15 % of 31,000 = 4,650`."""
    given, order = ask.params, ask.order
    lines: list[str]
    match given:
        case p.DiscountParams() | p.ManualDiscountParams():
            lines = _discount(ask)
        case p.OrderParams():
            guests, day = inputs_of(row)
            pairs = (
                ("order value", _money(order, order.value), given.order_value and number_in_words(given.order_value)),
                ("guests", guests, given.guest_count),
                ("event date", day, given.event_date),
                (
                    "items",
                    plainly(row.selected_items),
                    None if given.selected_items is None else plainly(given.selected_items),
                ),
            )
            lines = [f"{name} {_or_none(before)} → {after}" for name, before, after in pairs if after is not None]
        case p.PriceParams() if given.order_value is not None:
            lines = [f"order value {_money(order, order.value)} → {number_in_words(given.order_value)}"]
        case p.ItemParams() if given.item is not None:
            price = "" if given.price is None else f" at {number_in_words(given.price)} each"
            lines = [f"{given.quantity or 1} × {given.item}{price}, which the catalogue has not"]
        case p.ReassignParams():
            names = names_of(work, {given.agent_id} | ({row.agent_id} if row.agent_id else set()))
            lines = [f"agent {names.get(row.agent_id or '', 'nobody')} → {names.get(given.agent_id, 'somebody')}"]
        case p.EscalateParams():
            lines = [f"hand up for {title_of(given.reason)}"]
        case p.CloseParams():
            outcome = given.outcome if isinstance(given, p.ResolveParams) else "DROPPED"
            lines = [
                f"close as {outcome.lower()}" + (f", about {given.issue_category}" if given.issue_category else "")
            ]
        case _:
            lines = [title_of(ask.action)]
    extra = given.model_extra or {}
    lines += [f"{cleaned(str(name))} {plainly(value)}" for name, value in extra.items()]
    if reason := getattr(given, "reason", None):
        lines.append(f"because: {reason}")
    return lines


def _discount(ask: Ask) -> list[str]:
    order, given = ask.order, ask.params
    if ask.amount is None:
        return ["a discount by hand, of no given size"]
    percent = getattr(given, "percent", None)
    value, amount = _money(order, order.value), _money(order, ask.amount)
    share = number_in_words(round(order.share(ask.amount) or 0, 2))
    lines = [
        f"discount {number_in_words(percent)} % of {value} = {amount}"
        if percent is not None
        else f"discount {amount} of {value} = {share} %"
    ]
    if order.discounted:
        whole = order.discounted + ask.amount
        share = number_in_words(round(order.share(whole) or 0, 2))
        lines.append(f"with earlier discounts {_money(order, whole)} = {share} %")
    return lines


def _money(order: Order, amount: int | None) -> str:
    said = "unknown" if amount is None else number_in_words(order.major(amount))
    return f"{said}0" if said[-2:-1] == "." else said  # 331.20, as money is written


def _or_none(value: Any) -> str:
    return "none" if value is None or value == "" else str(value)


def grounds_of(work: Work, row: Incidence) -> dict[str, Any]:
    """What an approval rests on: the order as it is, in values that can be told apart later."""
    order, (guests, day) = order_of(work, row), inputs_of(row)
    return {
        "orderValue": None if order.value is None else order.major(order.value),
        "discounted": order.major(order.discounted),
        "orderId": row.order_id,
        "stage": row.stage,
        "eventType": row.event_type,
        "items": plainly(row.selected_items),
        "guests": guests,
        "eventDate": day,
    }


def changes_since(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs between two grounds, a line each; nothing when the first were erased."""
    return [
        f"{label} {_held(name, before[name])} → {_held(name, now[name])}"
        for name, label in _HELD.items()
        if name in before and before[name] != now[name]
    ]


def _held(name: str, value: Any) -> str:
    if isinstance(value, int | float):
        return number_in_words(value)
    return title_of(value) if name == "stage" else _or_none(value)
