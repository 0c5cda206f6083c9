"""A case that is handed up because the customer is upset is a bad contact with support: it counts for their risk."""

from backend.events import log
from backend.signals.noting import note
from backend.work import Work

_UPSET = "EMOTIONAL"


def note_upset(work: Work, seq: int) -> None:
    """Keep it as a fact of the customer's past, if the event of that seq says so."""
    for event in log.after(work.session, work.business_id, seq - 1, 1):
        data = (event.body or {}).get("data") or {}
        if data.get("reason") == _UPSET and event.customer_id is not None:
            id = f"escalation:{data['escalationId']}"
            note(work, event.customer_id, "support_negative", id=id, at=event.occurred_at)
