"""The playbooks of the demo: executions of the weeks before it as rows, some that wait now, one that failed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from backend.demo.ledger import Ledger
from backend.events.event import Actor
from backend.jobs.models import PendingJob
from backend.playbooks.documents import ConditionStep, NotifyStep, PlaybookDocument, WaitStep, length_of, walk
from backend.playbooks.models import Playbook, PlaybookExecution, PlaybookStep
from backend.playbooks.playbook_text import raw_of
from backend.playbooks.shipped import id_of, shipped

PAYMENT, VALUE, QUIET = "Payment failed", "High risk, high value", "Quiet for two weeks"
_AUTOMATIC = (PAYMENT,)
_TOLD = {
    "notify": "told the customer, as soon as they are in the app",
    "message": "wrote in the open incidence",
    "offer": "offered 20 % off for 3 months",
    "assign": "gave it to Farida Sheikh",
    "intervention": "began an intervention",
    "wait": "the wait is over",
    "condition": "holds",
}


class Trip(NamedTuple):
    """An execution: of which playbook, how long ago it began, how many steps are behind it, and where that led."""

    playbook: str
    days_ago: float
    done: int
    status: str
    how: str = ""
    is_success: bool | None = None


_TRIPS = (
    Trip(PAYMENT, 0.4, 1, "WAITING"),
    Trip(PAYMENT, 0.7, 1, "WAITING"),
    Trip(PAYMENT, 0.2, 1, "PAUSED"),
    Trip(QUIET, 1.2, 1, "WAITING"),
    Trip(VALUE, 2.1, 2, "WAITING"),
    Trip(PAYMENT, 1.4, 5, "FAILED", "write: Nothing is known for {customer.name}, so nothing was written.", False),
    Trip(PAYMENT, 3.0, 3, "COMPLETED", "stopped at still_failing: does not hold: a payment is failing no", True),
    Trip(PAYMENT, 5.5, 3, "COMPLETED", "stopped at still_failing: does not hold: a payment is failing no", True),
    Trip(PAYMENT, 8.0, 7, "COMPLETED", "came to its end", False),
    Trip(QUIET, 6.0, 3, "COMPLETED", "stopped at stays_away: does not hold: came back yes", True),
    Trip(QUIET, 9.0, 4, "COMPLETED", "came to its end", False),
    Trip(QUIET, 12.0, 3, "COMPLETED", "stopped at stays_away: does not hold: came back yes", True),
    Trip(VALUE, 11.0, 5, "COMPLETED", "came to its end", True),
    Trip(VALUE, 15.0, 2, "CANCELLED", "cancelled by Farida Sheikh"),
)


def keep(ledger: Ledger, people: Sequence[Mapping[str, Any]], rng: Random, now: datetime, by: Actor) -> None:
    """Rows of the shipped playbooks, one of which starts by itself, and of what went on. With a chance of its own."""
    chance, ledger.rng = ledger.rng, rng
    try:
        founded = now - timedelta(days=30)
        for name, (about, document) in shipped().items():
            made = {"description": about, "document": raw_of(document), "number": 1, "created_by": None}
            at = {"created_at": founded, "updated_at": founded}
            is_automatic = name in _AUTOMATIC
            version = 2 if is_automatic else 1
            more = {"status": "ACTIVE", "is_automatic": is_automatic, "version": version}
            ledger.add(Playbook, id=id_of(ledger.business_id, name), name=name, **made, **at, **more)
        for trip, person in zip(_TRIPS, rng.sample(list(people), len(_TRIPS)), strict=True):
            _travel(ledger, trip, person, now, by)
    finally:
        ledger.rng = chance


def _travel(ledger: Ledger, trip: Trip, person: Mapping[str, Any], now: datetime, by: Actor) -> None:
    document, began = shipped()[trip.playbook][1], now - timedelta(days=trip.days_ago)
    steps = [step for step, _ in walk(document.steps)]
    id, at = ledger.new_id(began), began
    stands = None if trip.status == "COMPLETED" else steps[trip.done]
    is_waiting = isinstance(stands, WaitStep) and trip.status in ("WAITING", "PAUSED")
    wait = _wait_of(document, stands.id) if is_waiting and stands else timedelta()
    ended = trip.status in ("COMPLETED", "FAILED", "CANCELLED")
    rows = []
    for number, step in enumerate(steps[: trip.done]):
        reached, took = at, _wait_of(document, step.id)
        at = at + (took or timedelta(seconds=1))
        told = _TOLD[step.kind]
        if isinstance(step, NotifyStep) and step.to != "customer":
            told = f"told {step.to}"
        if isinstance(step, ConditionStep) and number == trip.done - 1 and trip.how.startswith("stopped"):
            told = trip.how.partition(": ")[2]
        rows.append({"step_id": step.id, "state": "DONE", "started_at": reached, "done_at": at, "told": told})
    if stands is not None and (is_waiting or trip.status == "FAILED"):
        is_failed = trip.status == "FAILED"
        told = "could not be done" if is_failed else f"waits until {at + wait:%Y-%m-%d %H:%M} UTC"
        rows.append(
            {
                "step_id": stands.id,
                "state": "FAILED" if is_failed else "WAITING",
                "started_at": at,
                "done_at": at if is_failed else None,
                "told": told,
                "error": trip.how.partition(": ")[2] if is_failed else None,
            }
        )
    ledger.add(
        PlaybookExecution,
        id=id,
        playbook_id=id_of(ledger.business_id, trip.playbook),
        number=1,
        document=raw_of(document),
        customer_id=person["id"],
        incidence_id=None,
        cause=f"hand:{id}",
        why=f"by {by.name}",
        started_by=by.id,
        started_at=began,
        status=trip.status,
        step_id=None if stands is None else stands.id,
        next_at=at + wait if is_waiting else None,
        ended_at=at if ended else None,
        ended_how=trip.how,
        is_success=trip.is_success,
        version=len(rows) + 1,
    )
    for row in rows:
        more = {"execution_id": id, "attempts": 1, "result": {}, "error": None}
        ledger.add(PlaybookStep, **more | row)
    if is_waiting and trip.status == "WAITING" and stands is not None:
        due = {"job": "playbooks.advance", "args": {"execution_id": id, "step": stands.id}, "due_at": at + wait}
        ledger.add(PendingJob, id=ledger.new_id(began), key=f"playbook:{id}", **due)


def _wait_of(document: PlaybookDocument, id: str) -> timedelta:
    step = next(step for step, _ in walk(document.steps) if step.id == id)
    return length_of(step.length) if isinstance(step, WaitStep) and step.length else timedelta()
