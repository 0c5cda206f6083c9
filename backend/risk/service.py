"""The risk of a customer, of all customers, and beside each customer in a list."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, select

from backend.core.rows import table_of, to_micros
from backend.customers import service as customers
from backend.customers.beside import also_tells
from backend.customers.erasure import also_erases
from backend.customers.models import Customer
from backend.customers.schemas import RiskBrief
from backend.customers.sorting import SORTS, Sort
from backend.events import log
from backend.risk import keeping
from backend.risk.models import CustomerRisk, RiskScore
from backend.risk.schemas import RiskPoint, RiskShown
from backend.risk.scoring import facts_of, rate
from backend.rules import service as rules
from backend.signals import contexts
from backend.signals.activity import Activity, counted, recount
from backend.signals.bulk import Chosen
from backend.signals.models import Context
from backend.work import Work

_CONTEXTS = table_of(Context).c
_PASTS = Chosen(select(_CONTEXTS.customer_id, _CONTEXTS.activity), _CONTEXTS.business_id, _CONTEXTS.customer_id)
_PAGE = 500
"""Customers in one transaction: some 20 ms."""
_LATEST = 50
_REASONS = 3


def find_risk(work: Work, id: str) -> tuple[RiskShown, bool]:
    """The risk of a customer as of now, with its history; and whether that is what is kept of it."""
    customer = customers.find_customer(work, id)
    compiled, now = rules.current(work, "risk"), to_micros(work.now)
    profile = {"tier": customer.tier, "past_order_count": customer.past_order_count}
    rated = rate(compiled, facts_of(_past_of(work, customer.id), now, profile))
    before = keeping.kept(work, [customer.id]).get(customer.id)
    is_kept = keeping.is_same(before, rated, compiled.version) if before is not None else not rated.factors
    since = before[6] if before is not None and before[1] == rated.level else None
    told = keeping.read_of(customer.id, customer.external_id, rated, compiled.version, now, since)
    return RiskShown(**told.model_dump(), history=_history(work, customer.id)), is_kept


def refresh_risk(work: Work, id: str) -> RiskShown:
    """The same, kept as it is now: time alone can change a score."""
    customer_id = customers.find_customer(work, id).id
    live = contexts.find_by_id(work.session, work.business_id, customer_id)
    if live is not None:
        keeping.rate_all(work, {customer_id: _past_of(work, customer_id)})
    return find_risk(work, customer_id)[0]


def rate_page(work: Work, after: str) -> str:
    """Rate the next customers after an id ("" for the first), and the id to go on after; "" when all are rated."""
    query = select(_CONTEXTS.customer_id).where(
        _CONTEXTS.business_id == work.business_id, _CONTEXTS.customer_id > after
    )
    ids = work.session.connection().execute(query.order_by(_CONTEXTS.customer_id).limit(_PAGE)).scalars().all()
    held = contexts.hold(work.session, work.business_id, ids)
    rows: dict[str, Any] = dict(map(tuple, _PASTS.rows(work.session, work.business_id, held)))
    if uncounted := [id for id, past in rows.items() if past is None]:
        recount(work, uncounted)
        rows |= dict(map(tuple, _PASTS.rows(work.session, work.business_id, uncounted)))
    keeping.rate_all(work, {id: Activity(past) for id, past in rows.items()})
    return ids[-1] if len(ids) == _PAGE else ""


def is_about_risk(work: Work, seq: int) -> bool:
    """Whether the rules that the event of that seq brought into force are those of risk."""
    return any(row.subject_id == "risk" for row in log.after(work.session, work.business_id, seq - 1, 1))


def _past_of(work: Work, customer_id: str) -> Activity:
    rows = _PASTS.rows(work.session, work.business_id, [customer_id])
    if not rows:
        return Activity()
    return counted(work, customer_id) if rows[0][1] is None else Activity(rows[0][1])


def _history(work: Work, customer_id: str) -> list[RiskPoint]:
    query = select(RiskScore).where(RiskScore.business_id == work.business_id, RiskScore.customer_id == customer_id)
    latest = query.order_by(RiskScore.id.desc()).limit(_LATEST)
    return [RiskPoint.model_validate(row) for row in work.session.scalars(latest)]


@also_tells
def tell_risks(work: Work, customer_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """The risk beside each customer, as it was calculated last."""
    found = keeping.kept(work, customer_ids)
    return {id: {"risk": _brief(row)} for id, row in found.items()}


def _brief(row: Any) -> RiskBrief:
    return RiskBrief(score=row[0], level=row[1], reasons=[one["text"] for one in row[2][:_REASONS]])


@also_erases
def erase_risks(work: Work, customer: Customer, _known_as: Sequence[str]) -> None:
    """Scores and their history go with the customer."""
    for model in (CustomerRisk, RiskScore):
        mine = (model.business_id == work.business_id) & (model.customer_id == customer.id)
        work.session.execute(delete(model).where(mine).execution_options(synchronize_session=False))


SORTS["risk"] = Sort(
    table_of(CustomerRisk).c.score, is_descending=True, is_number=True, beside=table_of(CustomerRisk), absent=-1
)
