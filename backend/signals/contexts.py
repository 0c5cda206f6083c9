"""Reading and storing visits: for a whole group of customers at once, in three statements."""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

import orjson
from sqlalchemy import BigInteger, Column, DateTime, Table, select, type_coerce
from sqlalchemy.orm import Session

from backend.core.ids import new_id
from backend.core.rows import to_micros
from backend.customers.models import Customer
from backend.identity.models import Business
from backend.signals.bulk import Bulk, dialect_of, moment_of
from backend.signals.friction import Person, cart_value
from backend.signals.models import Context
from backend.signals.visit import Visit

_CUSTOMERS: Table = Customer.__table__  # type: ignore[assignment]
_CONTEXTS: Table = Context.__table__  # type: ignore[assignment]
_NEW_CUSTOMERS = Bulk(
    _CUSTOMERS,
    ("external_id", "name", "language", "tier", "past_order_count", "created_at", "id", "business_id", "version"),
)
_STORED = (
    "started_at",
    "last_activity",
    "ends_at",
    "screen",
    "previous_screens",
    "visit",
    "score",
)
_VISITS = Bulk(_CONTEXTS, ("business_id", "customer_id", *_STORED), key=("business_id", "customer_id"), updates=_STORED)
_KNOWN = (
    _CUSTOMERS.c.external_id,
    _CUSTOMERS.c.id,
    _CUSTOMERS.c.tier,
    _CUSTOMERS.c.language,
    _CUSTOMERS.c.past_order_count,
)


class Live(NamedTuple):
    """One customer in the app: who, and the visit."""

    person: Person
    visit: Visit


def currency_of(session: Session, business_id: str) -> str:
    """The business's ISO 4217 currency."""
    return session.execute(select(Business.currency).where(Business.id == business_id)).scalar_one()


def find_live(session: Session, business_id: str, user_ids: Collection[str], now: int) -> dict[str, Live]:
    """The customer and visit behind each of `user_ids` (external ids, or ours), made when new.

    Until the commit nobody else changes them.
    """
    rows = _locked(session, business_id, _CUSTOMERS.c.external_id, user_ids)
    meant = {row.external_id: row for row in rows}
    if len(meant) < len(user_ids):
        unknown = set(user_ids) - meant.keys()
        meant |= {row.id: row for row in _locked(session, business_id, _CUSTOMERS.c.id, unknown)}
        unknown -= meant.keys()
        moment = moment_of(session)(now)
        _NEW_CUSTOMERS.insert(
            session, [(user_id, "", "en", "BRONZE", 0, moment, new_id(), business_id, 1) for user_id in sorted(unknown)]
        )
        meant |= {row.external_id: row for row in _locked(session, business_id, _CUSTOMERS.c.external_id, unknown)}
    lives = live_of(session, business_id, {row.id: row for row in meant.values()}.values())
    return {user_id: lives[row.id] for user_id, row in meant.items()}


def _locked(session: Session, business_id: str, column: Column[Any], ids: Collection[str]) -> list[Any]:
    # Locked in one order, so that two writers wait for each other and never in a ring; SQLite has one writer anyway.
    query = (
        select(*_KNOWN)
        .where(_CUSTOMERS.c.business_id == business_id, column.in_(ids), _CUSTOMERS.c.erased_at.is_(None))
        .order_by(_CUSTOMERS.c.id)
        .with_for_update(key_share=True)
    )
    return list(session.connection().execute(query).all()) if ids else []


def live_of(session: Session, business_id: str, customers: Iterable[Any]) -> dict[str, Live]:
    """The visits of `customers` (rows or objects of Customer), by our id. A second statement on purpose: it sees what
    the writers committed for whom the first one waited."""
    customers = list(customers)
    instant = BigInteger() if dialect_of(session) == "sqlite" else DateTime(timezone=True)
    c = _CONTEXTS.c
    instants = [
        type_coerce(column, instant) for column in (c.started_at, c.last_activity, c.ends_at, c.suppressed_until)
    ]
    columns = (
        c.customer_id,
        c.screen,
        c.previous_screens,
        c.visit,
        c.score,
        c.estimated_value,
        c.event_type,
        c.guest_count,
    )
    query = select(*columns, *instants).where(
        c.business_id == business_id, c.customer_id.in_([customer.id for customer in customers])
    )
    rows = {row[0]: row for row in session.connection().execute(query)}
    currency = currency_of(session, business_id) if any(row[5] is not None for row in rows.values()) else ""
    found = {}
    for customer in customers:
        visit, row = Visit(), rows.get(customer.id)
        value, event_type, guests = None, None, None
        if row is not None:
            _, visit.screen, visit.previous_screens, kept, visit.score, value, event_type, guests, *times = row
            visit.started_at, visit.last_activity, visit.ends_at, visit.suppressed_until = (
                times if dialect_of(session) == "sqlite" else [time and to_micros(time) for time in times]
            )
            visit.counters, visit.idle = kept.get("counters", {}), kept.get("idle", {})
            visit.trend, visit.prompts = kept.get("trend", []), kept.get("prompts", {})
        person = Person(
            customer.id,
            customer.tier,
            customer.language,
            customer.past_order_count,
            cart_value(value, currency),
            event_type,
            guests,
        )
        found[customer.id] = Live(person, visit)
    return found


def store(session: Session, business_id: str, lives: Iterable[Live]) -> None:
    """Keep the visits as they are now."""
    moment = moment_of(session)
    _VISITS.insert(
        session,
        [
            (
                business_id,
                person.customer_id,
                moment(visit.started_at),
                moment(visit.last_activity),
                moment(visit.ends_at),
                visit.screen,
                orjson.dumps(visit.previous_screens).decode(),
                orjson.dumps(
                    {
                        "counters": visit.counters,
                        "idle": visit.idle,
                        "trend": visit.trend,
                        "prompts": visit.prompts,
                    }
                ).decode(),
                visit.score,
            )
            for person, visit in lives
        ],
    )
