"""The owner's second business, to switch to (`g b`): small, in another city, currency and zone, and nothing of the first.

Nobody writes there while the demo runs: it is as it was left.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any, NamedTuple

from backend.customers.models import Customer
from backend.demo import cast
from backend.demo.casebook import Casebook
from backend.demo.cast import Person
from backend.demo.ledger import Ledger
from backend.demo.lives import Life
from backend.demo.world import run
from backend.events.event import Actor
from backend.identity import events as happened
from backend.identity.models import Business, Member, User
from backend.identity.schemas import BusinessRead
from backend.identity.service import member_state

NAME = "Tiffin Lane London"
CURRENCY = "GBP"
TIME_ZONE = "Europe/London"
FIRST_NUMBER = 101
_WORK_HERE = (cast.OWNER, cast.ADMIN)
_PEOPLE = ("Eleanor Hughes", "Oliver Bennett", "Priti Solanki", "Marcus Webb", "Niamh O'Connor", "Tomasz Zielinski")


class Told(NamedTuple):
    """A case of the last day: who rang, how many minutes ago, what about, and what they said."""

    who: int
    minutes: int
    occasion: str
    stage: str
    summary: str
    said: str
    value: int


_CASES = (
    Told(0, 7, "WEDDING", "PRE_ORDER", "Wedding tasting for 120, Kew", "Can the tasting be on a Sunday?", 9_400),
    Told(1, 22, "CORPORATE", "PRE_ORDER", "Board lunch on a purchase order", "We need thirty days to pay.", 1_850),
    Told(2, 48, "RELIGIOUS", "POST_ORDER", "Jain menu for Paryushan, no roots", "Is the kitchen separate?", 2_600),
    Told(3, 65, "CORPORATE", "POST_ORDER", "Two vegan trays were missing", "Who refunds the two trays?", 940),
    Told(4, 190, "WEDDING", "PRE_ORDER", "Mehndi evening moved by a week", "The hall moved us to the 21st.", 6_300),
    Told(5, 1_500, "CORPORATE", "POST_ORDER", "The same again next month", "All good, thank you.", 1_200),
)


def build(world: Ledger, *, seed: int, now: datetime) -> Ledger:
    """Its rows, to be inserted after those of the `world`, whose users work here too."""
    founded = now - timedelta(days=21)
    ledger = Ledger(Random(f"sister {seed}"), founded)
    business = {"id": ledger.business_id, "name": NAME, "currency": CURRENCY, "time_zone": TIME_ZONE}
    row = business | {"created_at": founded, "version": 1}
    ledger.rows[Business.__table__].append(row)  # type: ignore[index]
    owner, admin = _staff(ledger, world, founded, BusinessRead(**business, version=1))
    book = Casebook(ledger, owner, FIRST_NUMBER, currency=CURRENCY, time_zone=TIME_ZONE)
    for actor in (owner, admin):
        book.know(actor)
    people = [_person(ledger, number, name, now) for number, name in enumerate(_PEOPLE, 1)]
    run([_life(book, people[told.who], told, admin, now) for told in _CASES], now)
    book.keep()
    row["next_number"] = book.next_number
    return ledger


def _life(book: Casebook, customer: Mapping[str, Any], told: Told, admin: Actor, now: datetime) -> Life:
    at = now - timedelta(minutes=told.minutes)
    yield at
    placed = f"TL-{2_000 + 7 * told.value % 7_000}" if told.stage == "POST_ORDER" else None
    more: dict[str, Any] = {"occasion": told.occasion, "value": told.value, "order_id": placed, "summary": told.summary}
    case = book.open(customer, at, stage=told.stage, channel="CALL", **more)

    def until(then: datetime) -> Life:
        """The timers of the case do what they are there for."""
        while (due := book.next_timer(case)) and due <= then:
            yield due
            book.ring(case)
        yield then

    yield from until(at + timedelta(seconds=50))
    book.note(case, at + timedelta(seconds=50), admin, f"On the phone: {told.said}")
    if told.minutes > 60:
        yield from until(at + timedelta(minutes=3))
        book.take(case, at + timedelta(minutes=3), admin)
    if told.minutes > 1_000:
        yield from until(at + timedelta(minutes=12))
        book.close(case, at + timedelta(minutes=12), admin, outcome="RESOLVED")
    else:
        yield from until(now)


def _staff(ledger: Ledger, world: Ledger, at: datetime, business: BusinessRead) -> list[Actor]:
    users = {user["email"]: user for user in world.rows[User.__table__]}  # type: ignore[index]
    found: list[Actor] = []
    for colleague in _WORK_HERE:
        user = users[colleague.email]
        member: dict[str, Any] = {"id": ledger.new_id(at), "user_id": user["id"], "role": colleague.role}
        member |= {"created_at": at, "languages": ["en"], "skills": []}
        ledger.add(Member, **member)
        actor = Actor("member", member["id"], colleague.name, colleague.role)
        if not found:
            state = business.model_dump(mode="json", by_alias=True)
            ledger.emit(happened.BusinessCreated(subject_id=ledger.business_id, state=state), actor, at)
        never = {"availability": "OFFLINE", "is_away": False} | dict.fromkeys(
            ("availability_since", "away_reason", "back_at", "capacity")
        )
        told = member_state(SimpleNamespace(**user), SimpleNamespace(**never, **member))  # type: ignore[arg-type]
        ledger.emit(happened.MemberAdded(subject_id=actor.id or "", state=told), found[0] if found else actor, at)
        found.append(actor)
    return found


def _person(ledger: Ledger, number: int, name: str, now: datetime) -> dict[str, Any]:
    person = Person(
        external_id=f"lane-{number:03d}",
        name=name,
        email=f"{name.split()[0].lower()}@mail.example",
        phone=f"+44 20 7946 0{number:03d}",
        language="en",
        tier="SILVER",
        past_order_count=number,
        last_order_date=None,
        created_at=now - timedelta(days=20 - number),
    )
    return ledger.add(Customer, id=ledger.new_id(person.created_at), **asdict(person))
