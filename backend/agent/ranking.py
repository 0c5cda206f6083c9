"""What waits for an owner, and what each case is worth to an agent, in points and in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, tuple_

from backend.core.money import to_major
from backend.core.rows import table_of
from backend.identity.models import Member
from backend.identity.service import currency_of
from backend.incidences import ladder
from backend.incidences.models import Incidence
from backend.incidences.repository import CASES, CUSTOMERS
from backend.risk.models import CustomerRisk
from backend.rules import service as rules
from backend.rules.engine import Compiled
from backend.work import Work

_RISKS = table_of(CustomerRisk).c
_COLUMNS = (
    CASES.id,
    CASES.customer_id,
    CASES.queue_rank,
    CASES.priority,
    CASES.order_value,
    CASES.friction_score,
    CASES.event_type,
    CASES.issue_category,
    CASES.escalation_level,
    CASES.last_agent_id,
    CASES.waiting_since,
    CASES.sla_due_at,
    CASES.sla_target,
    CASES.sla_rank,
    CUSTOMERS.language,
    _RISKS.score.label("risk_score"),
)

_WAITING = (
    select(*_COLUMNS)
    .join_from(table_of(Incidence), CUSTOMERS.id.table, CUSTOMERS.id == CASES.customer_id)
    .outerjoin(
        table_of(CustomerRisk),
        (_RISKS.business_id == CASES.business_id) & (_RISKS.customer_id == CASES.customer_id),
    )
    .where(CASES.business_id == bindparam("business"), CASES.agent_id.is_(None), CASES.status == "OPEN")
    .where(CASES.waiting_since.is_not(None))
    .limit(bindparam("most"))
)
# Built once: everybody on a floor asks again and again, and building them anew took longer than running them.
_DUE_FIRST = _WAITING.order_by(CASES.sla_rank, CASES.id)
_IN_ORDER = _WAITING.order_by(CASES.queue_rank, CASES.id)
_IN_ORDER_AFTER = _IN_ORDER.where(
    tuple_(CASES.queue_rank, CASES.id)
    > tuple_(bindparam("rank", type_=CASES.queue_rank.type), bindparam("id", type_=CASES.id.type))
)
_KNOWN = (
    select(CASES.customer_id)
    .where(
        CASES.business_id == bindparam("business"),
        CASES.customer_id.in_(bindparam("customers", expanding=True)),
        CASES.agent_id == bindparam("member"),
    )
    .distinct()
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A case that could be next: its points for the agent who asks, and why, what weighs most first."""

    id: str
    rank: int
    points: float
    reasons: list[str]


def ownerless(work: Work, most: int) -> Sequence[Any]:
    """Cases that wait for an owner: `most` by their place in the queue, and as many whose deadline is nearest.

    Both walk an index that holds nothing else, so it takes as long with a hundred cases as with a hundred thousand.
    """
    asked = {"business": work.business_id, "most": most}
    nearest = work.session.connection().execute(_DUE_FIRST, asked).all()
    found: dict[str, Any] = {row.id: row for row in (*ownerless_after(work, most, None), *nearest)}
    return sorted(found.values(), key=lambda row: (row.queue_rank, row.id))


def ownerless_after(work: Work, most: int, last: Any | None) -> Sequence[Any]:
    """The next `most` of them by their place in the queue, after the row `last`."""
    asked = {"business": work.business_id, "most": most}
    if last is None:
        return work.session.connection().execute(_IN_ORDER, asked).all()
    asked |= {"rank": last.queue_rank, "id": last.id}
    return work.session.connection().execute(_IN_ORDER_AFTER, asked).all()


def ranked(work: Work, member: Member, compiled: Compiled) -> list[Candidate]:
    """The cases that wait, best for this member first; of equals, as the queue has them."""
    rows = ownerless(work, compiled.settings["candidates"])
    if not rows:
        return []
    known = _customers_of(work, member.id, {row.customer_id for row in rows})
    escalation, currency = rules.current(work, "escalation"), currency_of(work)
    found = []
    for row in rows:
        facts = _facts(work.now, row, member, currency)
        facts["knows_customer"] = row.customer_id in known
        if row.escalation_level and member.role in ladder.takers(escalation, row.escalation_level):
            facts["escalation_level"] = row.escalation_level
        verdict = compiled.evaluate(facts, trace=False)
        reasons = [one.text for one in sorted(verdict.fired, key=lambda one: -abs(one.points or 0))]
        found.append(Candidate(row.id, row.queue_rank, verdict.result, reasons))
    return sorted(found, key=lambda one: (-one.points, one.rank, one.id))


def speaks(member: Member, language: str | None) -> bool | None:
    """Whether a member speaks the language of that tag; None when nobody said what they or the customer speak."""
    if not language or not member.languages:
        return None
    return _plain(language) in {_plain(one) for one in member.languages}


def _facts(now: datetime, row: Any, member: Member, currency: str) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "waiting_seconds": _minutes((now - row.waiting_since).total_seconds()),
        "priority": row.priority,
        "order_value": None if row.order_value is None else float(to_major(row.order_value, currency)),
        "friction_score": row.friction_score,
        "churn_score": row.risk_score,
        "language": row.language,
        "speaks_language": speaks(member, row.language),
        "skill": next((tag for tag in _needs(row) if tag in member.skills), None),
        "was_mine": row.last_agent_id == member.id,
    }
    if row.sla_due_at is not None:
        left = (row.sla_due_at - now).total_seconds()
        facts |= {"sla_target": row.sla_target.replace("_", " ").lower(), "sla_seconds": _minutes(left)}
        if left <= 0:
            facts["overdue_seconds"] = _minutes(-left)
    return facts


def _minutes(seconds: float) -> int:
    """Whole seconds; from two minutes on whole minutes, as people say it."""
    whole = int(seconds)
    return whole - whole % 60 if whole >= 120 else whole


def _needs(row: Any) -> Iterable[str]:
    return (value.lower() for value in (row.event_type, row.issue_category) if value)


def _plain(tag: str) -> str:
    return tag.lower().replace("_", "-").partition("-")[0]


def _customers_of(work: Work, member_id: str, customers: set[str]) -> set[str]:
    """Those of `customers` of whom the member has or had a case."""
    if not customers:
        return set()
    asked = {"business": work.business_id, "customers": list(customers), "member": member_id}
    return set(work.session.connection().execute(_KNOWN, asked).scalars())
