"""The inbox of a Stripe account: events are kept once, answered at once, and understood by a job.

An event is a hint: its object is fetched again. So all events that came about one object before it is fetched are
settled by fetching it once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Any

import orjson
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from backend.billing import events, hints, mirror, payers, repository
from backend.billing.mirror import Outcome
from backend.billing.models import StripeEvent
from backend.core.databases import insert_into
from backend.core.db import by_business
from backend.core.errors import kept
from backend.core.ids import new_id
from backend.core.rows import table_of
from backend.core.text import clean_line
from backend.jobs.registry import Timer
from backend.work import Work

_TABLE = table_of(StripeEvent)
_KNOWN = select(_TABLE.c.stripe_account_id, _TABLE.c.stripe_event_id).where(
    _TABLE.c.business_id == bindparam("business"), _TABLE.c.stripe_event_id.in_(bindparam("ids", expanding=True))
)
_INSERT = insert(_TABLE)
_JOB = "billing.process_object"
_ERROR_LENGTH = 500
TRIAL_SOON = timedelta(days=8)
"""Stripe tells of a trial's end three days before it (seven for some cards). A later end makes the event an old one."""


@cache
def _insert_once() -> Any:
    return insert_into(_TABLE, "postgresql").on_conflict_do_nothing()


@dataclass(frozen=True, slots=True)
class Arrival:
    """A verified event on its way in. `account` is that of a Connect platform's event, else ""."""

    business_id: str
    account: str
    event: dict[str, Any]
    body: bytes
    came_by: str
    now: datetime
    request_id: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.account, str(self.event["id"])


def keep(session: Session, arrivals: Sequence[Arrival]) -> list[bool]:
    """Keep the events of all arrivals (see `Database.merge`) and want them processed; for each, whether it was new."""
    return by_business(session, arrivals, partial(_keep, session))


def _keep(session: Session, business_id: str, arrivals: list[Arrival]) -> list[bool]:
    connection = session.connection()
    ids = [arrival.key[1] for arrival in arrivals]
    seen = {(account, id) for account, id in connection.execute(_KNOWN, {"business": business_id, "ids": ids})}
    answers, rows, wanted = [], [], dict[str, Timer]()
    for arrival in arrivals:
        is_new = arrival.key not in seen
        answers.append(is_new)
        if not is_new:
            continue
        seen.add(arrival.key)
        row = _row(arrival)
        rows.append(row)
        if row["processed_at"] is None:
            key, args = _key(row["object_kind"], row["object_id"]), {"kind": row["object_kind"], "id": row["object_id"]}
            wanted[key] = Timer(_JOB, arrival.now, key, args)
    if rows:
        connection.execute(_INSERT if connection.dialect.name == "sqlite" else _insert_once(), rows)
    work = Work(session, business_id, arrivals[0].now, request_id=arrivals[0].request_id)
    for key in wanted:  # one that waits still is not too late, but nobody can tell whether it has begun
        work.cancel(key)
    work.enqueue_first(wanted.values())
    return answers


def _row(arrival: Arrival) -> dict[str, Any]:
    event, hint = arrival.event, hints.hint(arrival.event)
    is_nothing = hint.kind is None or hint.id is None
    created = event.get("created")
    return {
        "id": new_id(),
        "business_id": arrival.business_id,
        "stripe_account_id": arrival.account,
        "stripe_event_id": str(event["id"]),
        "type": clean_line(str(event.get("type", "")))[:100],
        "api_version": clean_line(str(event["api_version"]))[:40] if event.get("api_version") else None,
        "occurred_at": datetime.fromtimestamp(created, UTC) if isinstance(created, int) else arrival.now,
        "object_kind": None if is_nothing else hint.kind,
        "object_id": None if is_nothing else hint.id,
        "body": arrival.body,
        "received_at": arrival.now,
        "came_by": arrival.came_by,
        "processed_at": arrival.now if is_nothing else None,
        "outcome": "ignored" if is_nothing else None,
        "attempts": 0,
    }


def keep_listed(work: Work, listed: Sequence[dict[str, Any]], account: str) -> int:
    """Keep events that were read from Stripe's list; how many had not come by webhook."""
    arrivals = [
        Arrival(work.business_id, account, event, orjson.dumps(event), "list", work.now, work.request_id)
        for event in listed
    ]
    return sum(_keep(work.session, work.business_id, arrivals)) if arrivals else 0


@dataclass(frozen=True)
class Waiting:
    """The events of one object that nobody has settled yet."""

    row_ids: list[str]
    newest: str
    """Stripe's id of the newest of them."""


def waiting(work: Work, kind: str, id: str) -> Waiting | None:
    """What waits for a look at an object; None when nothing does (any more)."""
    mine = (StripeEvent.business_id == work.business_id) & (StripeEvent.object_id == id)
    query = select(StripeEvent.id, StripeEvent.stripe_event_id).where(
        mine, StripeEvent.object_kind == kind, StripeEvent.processed_at.is_(None)
    )
    found = work.session.execute(query.order_by(StripeEvent.occurred_at, StripeEvent.id)).all()
    return Waiting([row.id for row in found], found[-1].stripe_event_id) if found else None


def settle(work: Work, row_ids: Sequence[str], service: Callable[..., Outcome], *args: Any, **kwargs: Any) -> Outcome:
    """Run `service`, and mark the events processed by its outcome, in one transaction."""
    outcome = service(work, *args, **kwargs)
    mine = (StripeEvent.business_id == work.business_id) & StripeEvent.id.in_(row_ids)
    rows = work.session.scalars(select(StripeEvent).where(mine, StripeEvent.processed_at.is_(None))).all()
    for row in rows:
        row.outcome, row.processed_at, row.error, row.attempts = outcome, work.now, None, row.attempts + 1
        if row.type == "customer.subscription.trial_will_end" and row.object_id:
            _tell_trial(work, row)
        if _is_of_erased(work, row.body):
            row.body = b"{}"
    return outcome


def _is_of_erased(work: Work, body: bytes) -> bool:
    """Whether an event tells of a customer who was erased here: Stripe goes on telling who that was."""
    payer_id = hints.payer_of(orjson.loads(body))
    known = payers.known_payer(work, payer_id) if payer_id else None
    return known is not None and known.erased_at is not None


def _tell_trial(work: Work, row: StripeEvent) -> None:
    """Tell that a trial ends, unless by now it does not, or much later."""
    subscription = mirror.find(work, row.object_id or "")
    if subscription is None or subscription.status != "trialing" or subscription.trial_end is None:
        return
    if subscription.trial_end - row.occurred_at <= TRIAL_SOON:
        ends = subscription.trial_end.isoformat().replace("+00:00", "Z")
        told = {"trialEnd": ends, "stripeEvent": row.stripe_event_id}
        mirror.tell(work, events.TrialEnding, subscription, told)


def note_failure(work: Work, row_ids: Sequence[str], error: Exception, *, is_last: bool) -> None:
    """Keep with the events why they could not be settled. After the last try they have `failed`, until a sync."""
    mine = (StripeEvent.business_id == work.business_id) & StripeEvent.id.in_(row_ids)
    words = clean_line(kept(error))[:_ERROR_LENGTH]
    values: dict[str, Any] = {"error": words, "attempts": StripeEvent.attempts + 1}
    if is_last:
        values["outcome"] = "failed"
    still = StripeEvent.processed_at.is_(None)
    statement = update(StripeEvent).where(mine, still).values(**values)
    work.session.execute(statement.execution_options(synchronize_session=False))
    repository.note_trouble(work.session, work.business_id, words, work.now)


def want_waiting(work: Work, *, before: datetime) -> int:
    """Want a look at every object with events that came before that instant and wait still; how many objects."""
    mine = (StripeEvent.business_id == work.business_id) & StripeEvent.processed_at.is_(None)
    query = select(StripeEvent.object_kind, StripeEvent.object_id).where(mine, StripeEvent.received_at < before)
    found = work.session.execute(query.distinct().limit(1_000)).all()
    for kind, id in found:
        work.enqueue(_JOB, key=_key(kind, id), kind=kind, id=id)
    return len(found)


def ignore(work: Work, row_ids: Sequence[str], why: str) -> None:
    """Settle events that nothing can be done with."""
    mine = (StripeEvent.business_id == work.business_id) & StripeEvent.id.in_(row_ids)
    values = {"outcome": "ignored", "processed_at": work.now, "error": why}
    statement = update(StripeEvent).where(mine, StripeEvent.processed_at.is_(None)).values(**values)
    work.session.execute(statement.execution_options(synchronize_session=False))


def _key(kind: str | None, id: str | None) -> str:
    return f"stripe:{kind}:{id}"[:128]
