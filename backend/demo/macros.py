"""The macros that the demo's staff work with, for everybody."""

from datetime import datetime
from typing import Any

from backend.demo.ledger import Ledger
from backend.events.event import Actor
from backend.incidences.models import Macro

MACROS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "Delay, sorry",
        {
            "reply": "Dear {customer.name}, I am sorry: the kitchen runs late today. I look after it and write again "
            "within half an hour. {agent.name}, {business.name}",
            "add": ["late"],
            "priority": 2,
        },
    ),
    (
        "Call back tonight",
        {"note": "{customer.name} decides tonight; call about {ref} then.", "snoozeMinutes": 240, "agent": "me"},
    ),
    ("Spam", {"add": ["spam"], "outcome": "DROPPED"}),
)


def keep(ledger: Ledger, at: datetime, by: Actor) -> None:
    """Hand them to the ledger, as kept by a supervisor."""
    for name, steps in MACROS:
        kept = {"created_at": at, "updated_at": at, "deleted_at": None, "version": 1}
        ledger.add(Macro, id=ledger.new_id(at), name=name, is_shared=True, owner_id=by.id, steps=steps, **kept)
