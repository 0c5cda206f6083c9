"""Who has been asked to work here and has not come yet: one whose mail has left, and one who let it expire."""

from datetime import datetime, timedelta
from random import Random

from backend.core.security import fingerprint
from backend.delivery.models import Letter
from backend.demo.cast import BUSINESS
from backend.demo.ledger import Ledger
from backend.events.event import Actor
from backend.identity.invitations import HOLDS
from backend.identity.models import Invitation

_GUESTS = (("Meera Pillai", "agent", 2), ("Farhan Qureshi", "supervisor", 9))
"""Their names, as what they are asked, and how many days ago."""


def keep(ledger: Ledger, by: Actor, rng: Random, now: datetime) -> None:
    """Rows of the last days. With a chance of its own: all else stays as it is."""
    chance, ledger.rng = ledger.rng, rng
    try:
        for name, role, days in _GUESTS:
            at = now - timedelta(days=days)
            email = f"{name.split()[0].lower()}@thali.example"
            mark, letter = fingerprint(f"nobody's {rng.random()}"), ledger.new_id(at)
            who = {"email": email, "name": name, "role": role, "invited_by": by.id, "fingerprint": mark}
            until = at + HOLDS
            row = who | {"created_at": at, "sent_at": at, "expires_at": until, "letter_id": letter}
            ledger.add(Invitation, id=ledger.new_id(at), **row)
            ledger.add(
                Letter,
                id=letter,
                kind="EMAIL",
                recipient=email,
                subject=f"{BUSINESS} invites you to Holdfast",
                cause=f"invitation {mark}",
                state="SENT",
                attempts=1,
                error=None,
                text=None,
                created_at=at,
                due_at=at,
                expires_at=until,
                settled_at=at + timedelta(seconds=2),
            )
    finally:
        ledger.rng = chance
