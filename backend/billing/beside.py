"""What a customer pays, beside them in a list."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import BigInteger, cast, func, select

from backend.billing.models import Subscription
from backend.core.money import to_major
from backend.core.rows import table_of
from backend.customers.beside import also_tells
from backend.customers.schemas import PaidBrief
from backend.customers.sorting import SORTS, Sort
from backend.work import Work

_SUBSCRIPTIONS = table_of(Subscription).c
_PAYING = (
    select(
        _SUBSCRIPTIONS.business_id,
        _SUBSCRIPTIONS.customer_id,
        cast(func.sum(_SUBSCRIPTIONS.mrr), BigInteger).label("mrr"),
    )
    .where(_SUBSCRIPTIONS.mrr > 0)
    .group_by(_SUBSCRIPTIONS.business_id, _SUBSCRIPTIONS.customer_id)
    .subquery("paying")
)
SORTS["mrr"] = Sort(_PAYING.c.mrr, is_descending=True, is_number=True, beside=_PAYING, absent=0)
"""Minor units as they are: whoever sells in currencies of other worth sorts each among its own."""


@also_tells
def tell_paid(work: Work, customer_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """What their subscriptions bring in a month; of several currencies the one that brings most."""
    _, customer, currency, mrr = (_SUBSCRIPTIONS[name] for name in ("business_id", "customer_id", "currency", "mrr"))
    query = (
        select(customer, currency, func.sum(mrr))
        .where(_SUBSCRIPTIONS.business_id == work.business_id, customer.in_(list(customer_ids)), mrr > 0)
        .group_by(customer, currency)
        .order_by(func.sum(mrr))
    )
    rows = work.session.connection().execute(query)
    return {
        id: {"paid": PaidBrief(mrr=to_major(int(total), named), currency=named.upper())} for id, named, total in rows
    }
