"""Reading and storing visits: for a whole group of customers at once, in three statements."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

import orjson
from sqlalchemy import Table, literal_column, select
from sqlalchemy.orm import Session

from backend.core.ids import new_id
from backend.core.rows import to_micros
from backend.customers.models import Customer
from backend.identity.service import place_of
from backend.signals.activity import Activity
from backend.signals.bulk import Bulk, Chosen, dialect_of, moment_of
from backend.signals.friction import Person, cart_value
from backend.signals.models import Context
from backend.signals.visit import Visit

_CUSTOMERS: Table = Customer.__table__  # type: ignore[assignment]
_CONTEXTS: Table = Context.__table__  # type: ignore[assignment]
_NEW_CUSTOMERS = Bulk(
    _CUSTOMERS,
    (
        "external_id",
        "name",
        "language",
        "tier",
        "email_opt_out",
        "past_order_count",
        "created_at",
        "id",
        "business_id",
        "version",
    ),
)
_STORED = (
    "started_at",
    "last_activity",
    "ends_at",
    "screen",
    "previous_screens",
    "visit",
    "score",
    "activity",
)
_VISITS = Bulk(_CONTEXTS, ("business_id", "customer_id", *_STORED), key=("business_id", "customer_id"), updates=_STORED)
_KNOWN = select(
    _CUSTOMERS.c.external_id, _CUSTOMERS.c.id, _CUSTOMERS.c.tier, _CUSTOMERS.c.language, _CUSTOMERS.c.past_order_count
)
# Locked in one order, so that two writers wait for each other and never in a ring; SQLite has one writer anyway.
_LOCKED = _KNOWN.where(_CUSTOMERS.c.erased_at.is_(None)).order_by(_CUSTOMERS.c.id).with_for_update(key_share=True)
_BY_EXTERNAL_ID = Chosen(_LOCKED, _CUSTOMERS.c.business_id, _CUSTOMERS.c.external_id)
# As an expression, the business cannot lure the planner into walking all of its customers to find a few ids.
_BY_ID = Chosen(_LOCKED, _CUSTOMERS.c.business_id + literal_column("''"), _CUSTOMERS.c.id)
_LENGTH_OF_OURS = 36
_KEPT = Chosen(
    select(
        _CONTEXTS.c.customer_id,
        _CONTEXTS.c.screen,
        _CONTEXTS.c.previous_screens,
        _CONTEXTS.c.visit,
        _CONTEXTS.c.score,
        _CONTEXTS.c.estimated_value,
        _CONTEXTS.c.event_type,
        _CONTEXTS.c.guest_count,
        _CONTEXTS.c.started_at,
        _CONTEXTS.c.last_activity,
        _CONTEXTS.c.ends_at,
        _CONTEXTS.c.suppressed_until,
        _CONTEXTS.c.activity,
    ),
    _CONTEXTS.c.business_id,
    _CONTEXTS.c.customer_id,
)


class Known(NamedTuple):
    """A customer as the narrow path reads one."""

    external_id: str
    id: str
    tier: str
    language: str
    past_order_count: int


class Live(NamedTuple):
    """One customer in the app: who, the visit, and what was done in all; None when that is not counted yet."""

    person: Person
    visit: Visit
    activity: Activity | None


def find_live(session: Session, business_id: str, user_ids: Collection[str], now: int) -> dict[str, Live]:
    """The customer and visit behind each of `user_ids` (external ids, or ours), made when new.

    Until the commit nobody else changes them.
    """
    meant = {row[0]: Known(*row) for row in _BY_EXTERNAL_ID.rows(session, business_id, user_ids)}
    if len(meant) < len(user_ids):
        unknown = set(user_ids) - meant.keys()
        found = hold(session, business_id, [id for id in unknown if len(id) == _LENGTH_OF_OURS])
        meant |= {row.id: row for row in found.values()}
        unknown -= meant.keys()
        moment = moment_of(session)(now)
        _NEW_CUSTOMERS.insert(
            session,
            [(user_id, "", "en", "BRONZE", False, 0, moment, new_id(), business_id, 1) for user_id in sorted(unknown)],
        )
        meant |= {row[0]: Known(*row) for row in _BY_EXTERNAL_ID.rows(session, business_id, unknown)}
    lives = live_of(session, business_id, {row.id: row for row in meant.values()}.values())
    return {user_id: lives[row.id] for user_id, row in meant.items()}


def hold(session: Session, business_id: str, ids: Collection[str]) -> dict[str, Known]:
    """The customers of these ids (ours), held as by `find_live`; without those that are not there any more."""
    return {row[1]: Known(*row) for row in _BY_ID.rows(session, business_id, ids)}


def find_by_id(session: Session, business_id: str, customer_id: str) -> Live | None:
    """The customer of our id and the visit, held; None for one that is not there any more."""
    held = hold(session, business_id, [customer_id])
    return live_of(session, business_id, held.values())[customer_id] if held else None


def live_of(session: Session, business_id: str, customers: Iterable[Known | Customer]) -> dict[str, Live]:
    """The visits of `customers`, by our id. A second statement on purpose: it sees what
    the writers committed for whom the first one waited."""
    customers = list(customers)
    is_sqlite = dialect_of(session) == "sqlite"
    rows = {row[0]: row for row in _KEPT.rows(session, business_id, [customer.id for customer in customers])}
    currency = place_of(session, business_id).currency if any(row[5] is not None for row in rows.values()) else ""
    found = {}
    for customer in customers:
        visit, row = Visit(), rows.get(customer.id)
        value, event_type, guests = None, None, None
        activity: Activity | None = Activity()
        if row is not None:
            _, visit.screen, screens, kept, visit.score, value, event_type, guests, *times, past = row
            activity = None if past is None else Activity(past)
            if not is_sqlite:
                times = [time and to_micros(time) for time in times]
            visit.started_at, visit.last_activity, visit.ends_at, visit.suppressed_until = times
            visit.previous_screens = screens
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
        found[customer.id] = Live(person, visit, activity)
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
                None if activity is None else activity.kept(),
            )
            for person, visit, activity in lives
        ],
    )
