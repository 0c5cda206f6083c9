"""What an action asks for before it is done: its parameters as questions, and reading the answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from backend.core.money import to_major, to_minor
from console.approvals import action_of
from console.desk import wording
from widgets.prompt import Option

Params = dict[str, Any]
DISCOUNTS = ("APPLY_DISCOUNT", "MANUAL_DISCOUNT_OVER_LIMIT")
WORDS_AT_MOST = 200


class Unclear(ValueError):
    """What was typed is no value of that kind; the message says what would be."""


@dataclass(frozen=True, slots=True)
class Form:
    """One question: what can be given (parameter, label, detail), and a hint at how. `reads` makes parameters of it."""

    fields: Sequence[tuple[str, str, str]]
    hint: str
    reads: Callable[[str, str], Params]

    @property
    def options(self) -> list[Option]:
        """The fields as options."""
        return [Option(*field) for field in self.fields]


def number(words: str) -> float | int:
    """`4,650`, `₹4650`, `25k` or `12.5`; Unclear for anything else."""
    text = words.strip().lower().lstrip("₹$€£").replace(",", "").replace(" ", "")
    factor = 1_000 if text.endswith("k") else 1
    try:
        value = Decimal(text.removesuffix("k").removesuffix("%")) * factor
    except InvalidOperation:
        raise Unclear(f"{words.strip()!r} is no number." if words.strip() else "How much? Type a number.") from None
    if not value.is_finite() or value < 0:
        raise Unclear("A number from 0 up is wanted.")
    return int(value) if value == value.to_integral_value() else float(value)


def _count(words: str) -> int:
    value = number(words)
    if not isinstance(value, int):
        raise Unclear("A whole number is wanted.")
    return value


def _day(words: str) -> str:
    try:
        return date.fromisoformat(words.strip()).isoformat()
    except ValueError:
        raise Unclear("A date is wanted, such as 2027-02-14.") from None


def _items(words: str) -> list[str]:
    items = [item.strip() for item in words.split(",") if item.strip()]
    if not items:
        raise Unclear("Which items? Put commas between them.")
    return items


_READS: dict[str, Callable[[str], Any]] = {
    "percent": number,
    "amount": number,
    "orderValue": number,
    "guestCount": _count,
    "eventDate": _day,
    "selectedItems": _items,
}


def _field(field: str, words: str) -> Params:
    return {field: _READS[field](words)}


def _reason(_: str, words: str) -> Params:
    return {"reason": _short(words)} if words else {}


def _escalation(reason: str, words: str) -> Params:
    return {"reason": reason, **({"note": _short(words)} if words else {})}


def _closing(outcome: str, words: str) -> Params:
    if len(words) > 64:
        raise Unclear("A category holds at most 64 characters.")
    about = {"issueCategory": words} if words else {}
    return about if outcome == "DROPPED" else {"outcome": outcome, **about}


def _member(id: str, words: str) -> Params:
    return {"agentId": id, **_reason("", words)}


def _item(_: str, words: str) -> Params:
    """`Vegan cake`, `Vegan cake, 2` or `Vegan cake, 2, 750`."""
    name, *rest = (part.strip() for part in words.split(","))
    if not name:
        raise Unclear("Which item? Then, if you know: how many, and the price of one.")
    if len(rest) > 2:
        raise Unclear("An item, how many, and the price of one: Vegan cake, 2, 750.")
    found: Params = {"item": _short(name)}
    if rest:
        found["quantity"] = _count(rest[0])
    if len(rest) > 1:
        found["price"] = number(rest[1])
    return found


def _short(words: str) -> str:
    if len(words) > WORDS_AT_MOST:
        raise Unclear(f"At most {WORDS_AT_MOST} characters.")
    return words


_DISCOUNT = Form(
    (("percent", "Percent", "of the order's value"), ("amount", "Amount", "in money")), "15, 4,650 or 2k", _field
)
_FORMS: dict[str, Form] = {
    **dict.fromkeys(DISCOUNTS, _DISCOUNT),
    "MODIFY_ORDER": Form(
        (
            ("guestCount", "Guests", "how many"),
            ("eventDate", "Date", "2027-02-14"),
            ("selectedItems", "Items", "with commas between them"),
            ("orderValue", "Value", "what it is worth now"),
        ),
        "the new one",
        _field,
    ),
    "CLOSE_RESOLVED": Form(
        (("RESOLVED", "Resolved", "the customer was helped"), ("CONVERTED", "Converted", "the order was placed")),
        "category, if you like",
        _closing,
    ),
    "CLOSE_DROPPED": Form((("DROPPED", "Dropped", "the customer went away"),), "category, if you like", _closing),
    "CUSTOM_PRICING": Form((("orderValue", "Value", "what the order is to cost"),), "18,000", _field),
    "OFF_CATALOG_ITEM": Form((("item", "Item", "then how many, and the price of one"),), "Vegan cake, 2, 750", _item),
}
_OTHER = Form((("reason", "Note", "what was said or done"),), "a few words, if you like", _reason)


def form_of(action: str, params: Sequence[Any], members: Sequence[Option]) -> Form:
    """The question of an action. `params` are ParamRead of the server, `members` who there is."""
    if action == "ESCALATE":
        reasons: list[str] = next((param.choices for param in params if param.name == "reason"), [])
        fields = [(reason, action_of(reason).capitalize(), "") for reason in reasons]
        return Form(fields, "a note, if you like", _escalation)
    if action == "REASSIGN":
        people = [(one.key, one.label, one.detail) for one in members if one.key != "none"]
        return Form(people, "why, if you like", _member)
    return _FORMS.get(action, _OTHER)


def is_money(action: str, given: Params) -> bool:
    """Whether it moves money, so that it is asked once more."""
    return bool({"percent", "amount", "orderValue", "price"} & given.keys())


def said(action: str, given: Params, row: Mapping[str, Any], value: float | int | None) -> str:
    """What it comes to, in a line: `15 % of ₹31,000 = ₹4,650`."""
    currency, parts = row["currency"], []
    if "percent" in given:
        worth = wording.money(value, currency) or "an order of unknown value"
        amount = "" if value is None else f" = {wording.money(_part(value, given['percent'], currency), currency)}"
        parts.append(f"{given['percent']:g} % of {worth}{amount}")
    if "amount" in given:
        parts.append(wording.money(given["amount"], currency))
    if "orderValue" in given:
        before = wording.money(value, currency) or "unknown"
        parts.append(f"{before} → {wording.money(given['orderValue'], currency)}")
    if "item" in given:
        price = f" at {wording.money(given['price'], currency)} each" if "price" in given else ""
        parts.append(f"{given.get('quantity', 1)} × {given['item']}{price}")
    if "guestCount" in given:
        parts.append(f"guests {given['guestCount']}")
    if "eventDate" in given:
        parts.append(f"on {given['eventDate']}")
    if "selectedItems" in given:
        parts.append(", ".join(given["selectedItems"]))
    return "; ".join(parts) or action_of(action)


def _part(value: float | int, percent: float, currency: str) -> float | int:
    """As the server reckons it: never more than the percent."""
    return to_major(int(Decimal(to_minor(value, currency)) * Decimal(str(percent)) / 100), currency)
