"""A conversation that speaks of a customer goes when they are erased."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from backend.copilot import conversations
from backend.copilot.models import Message, Subject
from backend.core.rows import table_of
from backend.customers.erasure import also_erases
from backend.customers.holdings import also_exports
from backend.customers.models import Customer
from backend.work import Work


@also_erases
def forget_conversations(work: Work, customer: Customer, _known_as: Sequence[str]) -> None:
    """Drop every conversation that speaks of them, whosever it is."""
    mine = (Subject.business_id == work.business_id) & (Subject.customer_id == customer.id)
    ids = sorted(work.session.scalars(select(Subject.conversation_id).where(mine)))
    for start in range(0, len(ids), 200):
        conversations.drop(work, ids[start : start + 200])


@also_exports
def export_conversations(work: Work, customer: Customer) -> dict[str, list[dict[str, Any]]]:
    """What was said to and by the copilot in conversations that speak of the customer."""
    mine = (Subject.business_id == work.business_id) & (Subject.customer_id == customer.id)
    ids = select(Subject.conversation_id).where(mine)
    rows = table_of(Message).c
    columns = [rows[name] for name in ("conversation_id", "place", "role", "text", "created_at")]
    here = (rows.business_id == work.business_id) & rows.conversation_id.in_(ids)
    query = select(*columns).where(here).order_by(rows.conversation_id, rows.place)
    return {"copilot_messages": [dict(row) for row in work.session.execute(query).mappings()]}
