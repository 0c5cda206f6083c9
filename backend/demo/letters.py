"""What the team was told outside in the last day: alerts on the console, and the letters to Slack that told them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from backend.alerts.models import Alert, AlertCause, AlertItem
from backend.delivery.models import Letter
from backend.demo.cast import BUSINESS
from backend.demo.ledger import Ledger
from backend.events.event import Actor

_TOLD = ((1_260, 4), (1_090, 2), (730, 7), (415, 1), (150, 3), (35, 2))
"""Minutes ago, and how many customers entered a high level of risk then."""
_REFUSED = 730
_WORDS = "risk medium → high"


def keep(
    ledger: Ledger, people: Sequence[Mapping[str, Any]], told: Sequence[Actor], rng: Random, now: datetime
) -> None:
    """Rows of the last day. With a chance of its own: all else stays as it is."""
    chance, ledger.rng = ledger.rng, rng
    try:
        alerts = {actor.id: _alert(ledger, actor, now) for actor in told}
        seq = -1
        for minutes, count in _TOLD:
            at = now - timedelta(minutes=minutes)
            letter = _letter(ledger, rng.sample(people, count), at, is_refused=minutes == _REFUSED)
            for person in rng.sample(people, count):
                item = {"seq": seq, "destination": "SLACK", "stage": 0, "way": "SLACK", "kind": "RISK_CHANGED"}
                item |= {"severity": "warning", "words": f"{person['external_id']}: {_WORDS}", "at": at}
                item |= {"due_at": at, "sent_at": at, "letter_id": letter, "customer_id": person["id"]}
                ledger.add(AlertItem, **item)
                for member_id, alert in alerts.items():
                    ledger.add(AlertCause, member_id=member_id, seq=seq, alert_id=alert["id"])
                    alert.update(count=alert["count"] + 1, at=at, customer_id=person["id"])
                seq -= 1
    finally:
        ledger.rng = chance


def _alert(ledger: Ledger, actor: Actor, now: datetime) -> dict[str, Any]:
    first = now - timedelta(minutes=_TOLD[0][0])
    words = {"kind": "RISK_CHANGED", "severity": "warning", "message": _WORDS, "count": 0}
    return ledger.add(Alert, id=ledger.new_id(first), member_id=actor.id, created_at=first, at=first, **words)


def _letter(ledger: Ledger, people: Sequence[Mapping[str, Any]], at: datetime, *, is_refused: bool) -> str:
    count = len(people)
    name = f"{count} customers in another level of risk" if count > 1 else f"{people[0]['external_id']}: {_WORDS}"
    lines = [f"- {person['external_id']}: {_WORDS}" for person in people[:3]]
    rest = [f"and {count - 3} more"] if count > 3 else []
    id = ledger.new_id(at)
    said = {"subject": f"{BUSINESS}: {name}", "text": "\n".join([name, *lines, *rest]), "cause": f"alerts:{id}"}
    went = {"state": "FAILED", "error": "Slack answered 404: no_service"} if is_refused else {"state": "SENT"}
    over = at + timedelta(seconds=1)
    ledger.add(
        Letter,
        id=id,
        kind="SLACK",
        recipient=None,
        expires_at=None,
        attempts=1,
        created_at=at,
        due_at=at,
        settled_at=over,
        **({"error": None} | said | went),
    )
    return id
