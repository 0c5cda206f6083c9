"""A reply made without a model: polite, of facts alone, and open where only a person knows."""

from backend.customers.models import Customer
from backend.incidences.models import Incidence
from backend.work import Work

_ABOUT = {
    "payment": ("payment", "pay", "card", "refund", "charged", "invoice", "upi"),
    "your order": ("order", "deliver", "late", "delay", "quantity", "guest", "platter", "menu", "address"),
    "your subscription": ("subscription", "plan", "cancel", "renew", "price"),
    "the trouble with the app": ("app", "error", "crash", "login", "sign", "screen", "bug"),
}


def draft(work: Work, row: Incidence) -> str:
    """A reply to the customer of a case, with a gap in brackets for what has to be said."""
    customer = work.session.get_one(Customer, row.customer_id)
    first = (customer.name or "").split(" ")[0]
    greeting = f"Hello {first}," if first else "Hello,"
    last = row.last_message or {}
    said = f"{row.summary} {row.issue_category or ''} {last.get('text', '') if last.get('by') == 'customer' else ''}"
    topic = next((name for name, words in _ABOUT.items() if any(word in said.lower() for word in words)), "this")
    facts = []
    if row.order_id:
        facts.append(f"I have your order {row.order_id} open in front of me.")
    if row.snoozed_until or row.status == "WAITING":
        facts.append("I have read what you told us so far.")
    return "\n".join(
        [
            greeting,
            "",
            f"Thank you for writing to us about {topic}. {' '.join(facts)}".rstrip(),
            "",
            "[What you found and what happens next]",
            "",
            "Is there anything else you would like to know?",
        ]
    )
