"""Payments that failed at Stripe are facts of the customer's past like those that the app tells."""

from backend.events import log
from backend.signals.noting import note
from backend.work import Work


def note_failure(work: Work, seq: int) -> None:
    """Keep the failed payment that the event of that seq told of: once for each try of each invoice."""
    for event in log.after(work.session, work.business_id, seq - 1, 1):
        data = (event.body or {}).get("data") or {}
        if event.customer_id is not None:
            tried = f"{data['invoice']}:{data.get('attempts', 0)}" if data.get("invoice") else f"event:{event.seq}"
            note(work, event.customer_id, "payment_failed", id=f"stripe:{tried}"[:128], at=event.occurred_at)
