"""Orders of the list of customers. A slice above this one adds its own: `SORTS["risk"] = Sort(…)`."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, func

from backend.customers.models import Customer


@dataclass(frozen=True)
class Sort:
    """A key that is never NULL, its direction, and the table it is in, if that is not `customers`."""

    key: ColumnElement[Any]
    is_descending: bool = False
    is_instant: bool = False
    is_number: bool = False
    beside: FromClause | None = None
    """Joined by `business_id` and `customer_id`; a customer without a row there stays in the list."""
    absent: int | None = None
    """The key of those without a row there, who then come last: `key` is a bare column of `beside`, below which none is,
    and an index on business, key and customer is walked instead of sorting everybody."""


SORTS: dict[str, Sort] = {
    "name": Sort(func.lower(Customer.name)),
    "created": Sort(Customer.__table__.c.created_at, is_descending=True, is_instant=True),
}
