"""What agents of a platform are shown of a case: the note when a conversation begins, and the properties.

No personal data: what the customer does in the app, and what the order is; names and addresses the platform has itself.
"""

from typing import Any

from backend.core.money import to_major
from backend.core.text import clean_line
from backend.customers.models import Customer
from backend.identity.service import currency_of
from backend.incidences.models import Incidence
from backend.signals import service as signals
from backend.work import Work

_ITEMS = 10
_LENGTH = 80


def note_of(work: Work, row: Incidence) -> str:
    """The customer's context as a note, a line for each thing that is known."""
    customer = work.session.get_one(Customer, row.customer_id)
    context, friction = signals.context_and_friction_of(work, customer)
    lines = [
        ("Case", f"INC-{row.number}"),
        ("Screen", context.current_screen),
        ("Cart", _cart(context.cart_items, context.selected_platter)),
        ("Guests", context.guest_count),
        ("Event", " on ".join(str(part) for part in (context.event_type, context.event_date) if part)),
        ("Order value", None if context.estimated_value is None else f"{context.currency} {context.estimated_value}"),
        ("Friction", f"{friction.score} of 100" if friction.score else None),
        *(("-", reason.text) for reason in friction.reasons),
    ]
    return "\n".join(f"{name}: {clean_line(str(value))}"[:400] for name, value in lines if value not in (None, ""))


def properties_of(work: Work, row: Incidence) -> dict[str, Any]:
    """The case as properties; what is not known is not named."""
    value = None if row.order_value is None else to_major(row.order_value, currency_of(work))
    told = {
        "ref": f"INC-{row.number}",
        "priority": row.priority,
        "order_id": row.order_id,
        "order_value": None if value is None else float(value),
        "event_type": row.event_type,
        "outcome": row.outcome,
    }
    return {f"holdfast_{name}": value for name, value in told.items() if value is not None}


def _cart(items: list[Any], platter: dict[str, Any] | None) -> str:
    """Names and counts only: whatever else an app puts into its cart stays here."""
    named = [_item(item) for item in ([platter] if platter else []) + items if isinstance(item, dict | str)]
    shown = [name for name in named if name]
    more = f" and {len(shown) - _ITEMS} more" if len(shown) > _ITEMS else ""
    return ", ".join(shown[:_ITEMS]) + more


def _item(item: dict[str, Any] | str) -> str:
    if isinstance(item, str):
        return clean_line(item)[:_LENGTH]
    name = item.get("name") or item.get("title") or ""
    count = item.get("quantity") or item.get("count")
    shown = clean_line(str(name))[:_LENGTH]
    return f"{shown} x {count}" if shown and isinstance(count, int) and count > 1 else shown
