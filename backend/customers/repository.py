"""Selects of customers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from backend.core import cursor as cursors
from backend.core.errors import Invalid
from backend.core.reading import read_one
from backend.core.rows import table_of
from backend.customers.models import Customer, CustomerHandle
from backend.customers.sorting import Sort

_CUSTOMERS = table_of(Customer)
# Built once: planning it anew for each incidence cost as much as running it. The lock lets everybody work for the
# customer but whoever erases them: nothing is written of somebody who is being erased.
_BY_EXTERNAL_ID = (
    select(_CUSTOMERS)
    .where(_CUSTOMERS.c.business_id == bindparam("business"), _CUSTOMERS.c.external_id == bindparam("external"))
    .with_for_update(read=True, key_share=True)
)


def by_external_id(session: Session, business_id: str, external_id: str) -> Customer | None:
    """The customer that the business's own systems call `external_id`, to work for; not erased until this unit ends."""
    return read_one(session, Customer, _BY_EXTERNAL_ID, {"business": business_id, "external": external_id})


def by_either_id(session: Session, business_id: str, id: str) -> Customer | None:
    """The customer by our id or else by the external one; an erased one is not there."""
    query = select(Customer).where(
        Customer.business_id == business_id,
        Customer.erased_at.is_(None),
        or_(Customer.id == id, Customer.external_id == id),
    )
    found = session.scalars(query).all()
    return min(found, key=lambda customer: customer.id != id, default=None)


def by_handle(session: Session, business_id: str, platform: str, handle: str) -> Customer | None:
    """The customer whom `platform` calls `handle`, to work for; not erased until this unit ends."""
    query = (
        select(Customer)
        .join(CustomerHandle, CustomerHandle.customer_id == Customer.id)
        .where(
            CustomerHandle.business_id == business_id,
            CustomerHandle.platform == platform,
            CustomerHandle.handle == handle,
            Customer.erased_at.is_(None),
        )
        .with_for_update(read=True, key_share=True, of=Customer)
    )
    return session.scalar(query)


def handle_on(session: Session, business_id: str, platform: str, customer_id: str) -> str | None:
    """What one platform calls the customer."""
    mine = (CustomerHandle.business_id == business_id) & (CustomerHandle.customer_id == customer_id)
    query = select(CustomerHandle.handle).where(mine, CustomerHandle.platform == platform)
    return session.scalar(query.order_by(CustomerHandle.handle).limit(1))


def handles_of(session: Session, business_id: str, customer_id: str) -> Sequence[str]:
    """What platforms call the customer."""
    mine = (CustomerHandle.business_id == business_id) & (CustomerHandle.customer_id == customer_id)
    return session.scalars(select(CustomerHandle.handle).where(mine)).all()


def page(
    session: Session, business_id: str, *, q: str, sort: Sort, cursor: str | None, limit: int
) -> tuple[list[Customer], str | None]:
    """One page of customers in the order of `sort`, and the cursor of the next page."""
    place = _place(cursor, sort) if cursor else None
    if sort.absent is None:
        rows = _sorted(session, business_id, q, sort, place, limit + 1)
    else:
        rows = [] if place and place[0] == sort.absent else _walked(session, business_id, q, sort, place, limit + 1)
        if len(rows) <= limit:
            after = place if place and place[0] == sort.absent else None
            rows += _without(session, business_id, q, sort, after, limit + 1 - len(rows))
    if len(rows) <= limit:
        return [row[0] for row in rows], None
    last, key = rows[limit - 1][0], rows[limit - 1].sort_key
    return [row[0] for row in rows[:limit]], cursors.encode([key, last.id])


Placed = tuple[Any, str] | None


def _sorted(session: Session, business_id: str, q: str, sort: Sort, place: Placed, most: int) -> list[Any]:
    """Customers by a key that each of them has."""
    query = _found(business_id, q, sort.key)
    if sort.beside is not None:
        query = query.outerjoin(sort.beside, _beside(sort))
    return _in_order(session, query, sort, Customer.__table__.c.id, place, most)


def _walked(session: Session, business_id: str, q: str, sort: Sort, place: Placed, most: int) -> list[Any]:
    """Customers with a row beside them, along its index."""
    assert sort.beside is not None
    query = _found(business_id, q, sort.key).join(sort.beside, _beside(sort))
    query = query.where(sort.beside.c.business_id == business_id)
    return _in_order(session, query, sort, sort.beside.c.customer_id, place, most)


def _without(session: Session, business_id: str, q: str, sort: Sort, place: Placed, most: int) -> list[Any]:
    """Customers without a row beside them."""
    assert sort.beside is not None
    absent = literal(sort.absent)
    query = _found(business_id, q, absent).where(~exists().where(_beside(sort)).correlate(Customer))
    bare = Sort(absent, is_descending=sort.is_descending)
    return _in_order(session, query, bare, Customer.__table__.c.id, place, most)


def _found(business_id: str, q: str, key: ColumnElement[Any]) -> Select[Any]:
    query: Select[Any] = select(Customer, key.label("sort_key")).where(
        Customer.business_id == business_id, Customer.erased_at.is_(None)
    )
    if not q:
        return query
    like = "%" + q.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
    return query.where(
        or_(
            Customer.name.ilike(like, escape="\\"),
            Customer.external_id.ilike(like, escape="\\"),
            Customer.email == q.lower(),
            Customer.phone == q,
        )
    )


def _beside(sort: Sort) -> ColumnElement[bool]:
    assert sort.beside is not None
    beside = sort.beside.c
    return and_(beside.business_id == Customer.business_id, beside.customer_id == Customer.id)


def _in_order(
    session: Session, query: Select[Any], sort: Sort, id: ColumnElement[Any], place: Placed, most: int
) -> list[Any]:
    if place is not None:
        here = tuple_(sort.key, id)
        query = query.where(here < place if sort.is_descending else here > place)
    order = (sort.key.desc(), id.desc()) if sort.is_descending else (sort.key, id)
    return list(session.execute(query.order_by(*order).limit(most)).all())


def _place(cursor: str, sort: Sort) -> tuple[Any, str]:
    """The place that a cursor stands for; Invalid when we did not make it for this order."""
    match cursors.decode(cursor):
        case [datetime() as key, str(id)] if sort.is_instant and key.tzinfo:
            return key, id
        case [int() | float() as key, str(id)] if sort.is_number:
            return key, id
        case [str(key), str(id)] if not sort.is_instant and not sort.is_number:
            return key, id
    raise Invalid("This cursor is not one of this list. Start from the first page.", field="cursor")
