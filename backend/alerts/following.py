"""What comes by the thousand, such as a night's new levels of risk: read from the log in batches, told together.

The other alerts are raised one by one by a job for each event (`service.raise_for`). Ten thousand of those would take
minutes, and nobody could read what came of them.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select

from backend.alerts import service
from backend.alerts.causes import Notice
from backend.alerts.models import AlertState
from backend.alerts.sharing import Sharing, Told
from backend.billing import events as billing
from backend.billing.models import Subscription
from backend.core.databases import insert_into
from backend.core.rows import table_of
from backend.core.text import clean_line
from backend.delivery.address import Kind
from backend.events import log
from backend.events.event import Event
from backend.events.log import EVENTS
from backend.jobs.events import JobDied
from backend.risk import events as risk
from backend.work import Work

AT_ONCE = 500
"""Events in one transaction."""
GATHER = "alerts.gather"
_LEVELS = ("low", "medium", "high")
_SHOWN_ID = 60

Follow = Callable[[Any, dict[str, Any]], Notice | None]
"""(the event's row with body and state, its data) -> what it is to those whom the rules name; None: nothing."""


def _who(row: Any) -> str:
    """The customer by the id that the business gave them; a part of ours where that is an address."""
    state = row.state or {}
    payer = state.get("customer")
    known = clean_line(str(state.get("userId") or (payer.get("externalId") if isinstance(payer, dict) else "") or ""))
    return known[:_SHOWN_ID] if known and "@" not in known else f"customer {(row.customer_id or row.subject_id)[-8:]}"


def _moved(kind: Any, what: str) -> Follow:
    def follow(row: Any, data: dict[str, Any]) -> Notice | None:
        before, now = data["level"]
        has_risen = _LEVELS.index(now) > _LEVELS.index(before or "low")
        severity = "warning" if has_risen and now == "high" else "info"
        message = f"{what} {before or 'low'} → {now}"
        return Notice(kind, message, severity=severity, who=_who(row), level=now, has_risen=has_risen)  # type: ignore[arg-type]

    return follow


def _unpaid(row: Any, data: dict[str, Any]) -> Notice | None:
    tries = f", try {data['attempts']}" if data.get("attempts") else ""
    amount = f" of {data.get('currency', '')} {data['amount']:,}" if "amount" in data else ""
    message = f"a payment{amount} failed{tries}"
    return Notice("PAYMENT_FAILED", message, severity="warning", who=_who(row))


def _died(row: Any, data: dict[str, Any]) -> Notice | None:
    """What ran for an integration failed for good. Not what sends letters: its failure would be told by letters."""
    letter = row.state or {}
    job = str(letter.get("job", ""))
    if not job.startswith(("integrations.", "billing.")):
        return None
    kind = clean_line(str(letter.get("error", ""))).partition(": ")[0]  # what follows may quote a customer
    message = f"{job} failed for good ({kind}); the dead letter says more"
    return Notice("INTEGRATION_FAILING", message, severity="danger")


FOLLOWED: dict[type[Event], Follow] = {
    risk.RiskChanged: _moved("RISK_CHANGED", "risk"),
    risk.ChurnChanged: _moved("CHURN_CROSSED", "chance to leave"),
    billing.PaymentFailed: _unpaid,
    JobDied: _died,
}
"""What is followed. Slices above add theirs by `jobs.also_follow`."""


def follow(work: Work, seq: int | None, installed: Collection[Kind]) -> bool:
    """Tell of the next events in the log; whether there are more. `seq` is of one that nothing before was to be told of,
    None when there was none: what counts is what comes from now on.

    The timer is cancelled under the lock of the log before it is read: whoever adds an event later sets it again.
    """
    head, _ = log.head(work.session, work.business_id)
    work.cancel(GATHER)
    state = _state(work, head if seq is None else seq - 1)
    by_type = {event.type: read for event, read in FOLLOWED.items()}  # those of slices above are added later
    rows = _next(work, state.seq, head, tuple(by_type))
    state.seq = rows[-1].seq if len(rows) == AT_ONCE else head
    work.session.flush()
    values = values_of(work, {row.customer_id for row in rows if row.customer_id})
    sharing = Sharing(work, installed)
    console: dict[tuple[str, str], list[Told]] = defaultdict(list)
    unread: dict[str, tuple[int, Mapping[str, Any]]] = {}
    for row in rows:
        notice = notice_of(by_type[row.type], row, values)
        if notice is None:
            continue
        told = Told(row.seq, row.recorded_at, notice, (), row.actor_id, customer_id=row.customer_id)
        shared = sharing.of(told)
        for member_id in shared.console:
            console[notice.kind, member_id].append(told)
        if shared.console and shared.unread is not None:
            unread.setdefault(notice.kind, (row.seq, shared.unread))
    sharing.keep()
    service.raise_many(work, console, unread)
    return len(rows) == AT_ONCE


def notice_of(read: Follow, row: Any, values: Mapping[str, int]) -> Notice | None:
    """What an event is to those whom the rules name, with what its customer pays; None when it is nothing."""
    if row.body is None or row.body["data"].get("bulk"):
        return None
    notice, value = read(row, row.body["data"]), values.get(row.customer_id)
    return notice if notice is None or value is None else replace(notice, value=value)


def _state(work: Work, before: int) -> AlertState:
    row = {"business_id": work.business_id, "seq": max(before, 0)}
    work.session.execute(insert_into(table_of(AlertState), work.session).values(row).on_conflict_do_nothing())
    return work.session.get_one(AlertState, work.business_id, populate_existing=True)


def _next(work: Work, after: int, head: int, types: Sequence[str]) -> Sequence[Any]:
    query = log.with_state().where(
        EVENTS.business_id == work.business_id, EVENTS.seq > after, EVENTS.seq <= head, EVENTS.type.in_(types)
    )
    return work.session.connection().execute(query.order_by(EVENTS.seq).limit(AT_ONCE)).all()


def values_of(work: Work, customer_ids: Collection[str]) -> dict[str, int]:
    """What customers pay a month, of those who pay."""
    mine = (Subscription.business_id == work.business_id) & Subscription.customer_id.in_(customer_ids)
    query = select(Subscription.customer_id, func.sum(Subscription.mrr).label("mrr")).where(
        mine, Subscription.ended_at.is_(None)
    )
    return {row.customer_id: int(row.mrr) for row in work.session.execute(query.group_by(Subscription.customer_id))}
