"""Help that customers of the world were offered, and what became of it: as `notifications.service` leaves it, in bulk."""

from collections.abc import Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from backend.core.clock import instant
from backend.demo.ledger import Ledger
from backend.events.event import SYSTEM, Actor, Event
from backend.notifications import events
from backend.notifications.models import Notification
from backend.notifications.service import shown
from backend.rules.service import SHIPPED_VERSION
from backend.signals import friction

Row = dict[str, Any]


class Prompts:
    """Each verb ends in one event. `key` is the actor that the customers' app speaks as."""

    def __init__(self, ledger: Ledger, key: Actor) -> None:
        self.ledger, self.key = ledger, key

    def offer(self, customer: Mapping[str, Any], at: datetime, score: int, began: datetime, id: str = "") -> Row:
        """The friction score of a visit that `began` then was so high that help is due; the row."""
        row = self.ledger.add(
            Notification,
            id=id or self.ledger.new_id(at),
            customer_id=customer["id"],
            cause=friction.SCORE_CAUSE,
            action=friction.SCORE_ACTION,
            text=friction.SCORE_PROMPT,
            rule_kind="friction",
            rule=friction.SCORE_CAUSE,
            rule_version=SHIPPED_VERSION,
            why=f"friction score {score}",
            visit_started_at=began,
            state="OFFERED",
            offered_at=at,
            seen_at=None,
            decided_at=None,
            incidence_id=None,
        )
        self._record(row, customer, events.NotificationOffered, SYSTEM, at)
        return row

    def see(self, row: Row, customer: Mapping[str, Any], at: datetime, case_id: str | None = None) -> None:
        """The app has shown it; `case_id` is the case that the customer has open."""
        row.update(state="SEEN", seen_at=at)
        self._record(row, customer, events.NotificationSeen, self.key, at, case_id)

    def decide(self, row: Row, customer: Mapping[str, Any], at: datetime, *, is_wanted: bool) -> None:
        """The customer wants it, or not."""
        row.update(state="ACCEPTED" if is_wanted else "DISMISSED", decided_at=at)
        event = events.NotificationAccepted if is_wanted else events.NotificationDismissed
        self._record(row, customer, event, self.key, at)

    def _record(
        self,
        row: Row,
        customer: Mapping[str, Any],
        event: type[Event],
        actor: Actor,
        at: datetime,
        case_id: str | None = None,
    ) -> None:
        row["seq"] = self.ledger.seq + 1
        told = shown(SimpleNamespace(**row), SimpleNamespace(external_id=customer["external_id"]))  # type: ignore[arg-type]
        data = {name: row[name] for name in ("cause", "text", "why")}
        data |= {} if event is events.NotificationOffered else {"offeredAt": instant(row["offered_at"])}
        state = told.model_dump(mode="json", by_alias=True)
        happened = event(subject_id=row["id"], customer_id=customer["id"], incidence_id=case_id, state=state, data=data)
        self.ledger.emit(happened, actor, at)
