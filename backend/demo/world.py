"""The demo's world: a catering marketplace with a week behind it and sixty open cases now.

Made of a seed and an instant: the same two give the same world to the last id, whatever the machine.
"""

import heapq
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any

from backend.core.security import fingerprint
from backend.customers.models import Customer, CustomerHandle
from backend.demo import (
    cast,
    guests,
    leavers,
    letters,
    library,
    lives,
    macros,
    meals,
    menu,
    pasts,
    plans,
    playing,
    rulebook,
    takings,
    talk,
    visits,
)
from backend.demo.casebook import CURRENCY, PLATFORM, TIME_ZONE, Casebook
from backend.demo.ledger import Ledger
from backend.demo.lives import Life, Scene, Stage
from backend.demo.prompts import Prompts
from backend.events.event import Actor
from backend.identity import events as happened
from backend.identity.models import ApiKey, Business, Member, User
from backend.identity.permissions import SCOPES
from backend.identity.schemas import BusinessRead
from backend.identity.service import member_state

CUSTOMERS = 300
SOLVED = 420
ORDERED_ALONE = 640
HISTORY = timedelta(days=7)
FIRST_NUMBER = 1001
_BUSY_HOURS = (1, 0, 0, 0, 0, 1, 2, 4, 6, 8, 10, 12, 12, 9, 7, 7, 9, 11, 13, 12, 9, 6, 4, 2)
"""How busy each hour of a day in Kolkata is, beside the others."""
_KOLKATA = timedelta(hours=5, minutes=30)
_SHOWN_FIRST = ("[/broken]", "[bold red]Asha[/]", "null")
"""Hostile names that have an open case in every world."""
_CHANNELS = ("IN_APP_CHAT", "WHATSAPP", "CALL")


def build(*, seed: int, now: datetime, password_hash: str, api_key: str) -> Ledger:
    """The world as rows that wait to be inserted. `now` is when its present is; the hash is of everybody's password."""
    rng = Random(seed)
    founded = now - HISTORY - timedelta(days=30)
    ledger = Ledger(rng, founded)
    staff = _found(ledger, founded, password_hash)
    key = _key(ledger, founded, api_key, staff["admin"][0])
    rulebook.publish(ledger, founded, staff["admin"][0])
    people = _people(ledger, now)
    book = Casebook(ledger, key, FIRST_NUMBER)
    for actor in (actor for actors in staff.values() for actor in actors):
        book.know(actor)
    stage = Stage(book, Prompts(ledger, key), ledger, rng, staff["agent"], staff["supervisor"][0], now)
    run([*_past(stage, people), *_present(stage, people)], now)
    book.keep()
    macros.keep(ledger, founded, staff["supervisor"][0])
    _orders(ledger, people, Random(f"orders {seed}"), now)
    pasts.live(ledger, people, Random(f"pasts {seed}"), now)
    meals.keep(ledger, people, Random(f"meals {seed}"), now)
    leavers.keep(ledger, Random(f"leavers {seed}"), now)
    takings.keep(ledger, Random(f"takings {seed}"), now)
    heads = [actor for role in ("supervisor", "admin", "owner") for actor in staff[role]]
    letters.keep(ledger, people, heads, Random(f"letters {seed}"), now)
    guests.keep(ledger, staff["admin"][0], Random(f"guests {seed}"), now)
    playing.keep(ledger, people, Random(f"playbooks {seed}"), now, staff["supervisor"][0])
    plans.keep(ledger, Random(f"plans {seed}"), now)
    library.keep(ledger, founded, staff["admin"][0])
    business = ledger.rows[Business.__table__][0]  # type: ignore[index]
    business["next_number"] = book.next_number
    return ledger


_NOT_YET: dict[str, Any] = {"availability": "OFFLINE", "is_away": False} | dict.fromkeys(
    ("availability_since", "away_reason", "back_at", "capacity")
)
"""Nobody has ever been at the desk."""


def _found(ledger: Ledger, at: datetime, password_hash: str) -> dict[str, list[Actor]]:
    """The business and those who work there, by role."""
    business = {"id": ledger.business_id, "name": cast.BUSINESS, "currency": CURRENCY, "time_zone": TIME_ZONE}
    ledger.rows[Business.__table__].append(business | {"created_at": at, "version": 1})  # type: ignore[index]
    staff: dict[str, list[Actor]] = {}
    state = BusinessRead(**business, version=1).model_dump(mode="json", by_alias=True)
    for colleague in cast.STAFF:
        user = {"id": ledger.new_id(at), "email": colleague.email, "name": colleague.name}
        ledger.rows[User.__table__].append(user | {"password_hash": password_hash, "created_at": at})  # type: ignore[index]
        member = {"id": ledger.new_id(at), "user_id": user["id"], "role": colleague.role, "created_at": at}
        member |= {"languages": list(colleague.languages), "skills": list(colleague.skills)}
        ledger.add(Member, **member)
        actor = Actor("member", member["id"], colleague.name, colleague.role)  # type: ignore[arg-type]
        if not staff:
            ledger.emit(happened.BusinessCreated(subject_id=ledger.business_id, state=state), actor, at)
        owner = staff["owner"][0] if staff else actor
        told = member_state(SimpleNamespace(**user), SimpleNamespace(**_NOT_YET, **member))  # type: ignore[arg-type]
        ledger.emit(happened.MemberAdded(subject_id=actor.id or "", state=told), owner, at)
        staff.setdefault(colleague.role, []).append(actor)
    return staff


def _key(ledger: Ledger, at: datetime, api_key: str, by: Actor) -> Actor:
    """The API key that the customers' app speaks with."""
    row = ledger.add(
        ApiKey,
        id=ledger.new_id(at),
        name="Customer app",
        fingerprint=fingerprint(api_key),
        hint=f"{api_key[:8]}…",
        scopes=sorted(SCOPES),
        created_at=at,
        created_by=by.id,
    )
    told = {"name": row["name"], "scopes": row["scopes"]}
    ledger.emit(happened.KeyCreated(subject_id=row["id"], data=told), by, at)
    return Actor("key", row["id"], row["name"])


def _people(ledger: Ledger, now: datetime) -> list[Mapping[str, Any]]:
    people: list[Mapping[str, Any]] = []
    for person in cast.customers(ledger.rng, now, CUSTOMERS):
        row = ledger.add(Customer, id=ledger.new_id(person.created_at), **asdict(person))
        ledger.add(CustomerHandle, platform=PLATFORM, handle=person.external_id, customer_id=row["id"])
        people.append(row)
    return people


_HELPED = {0: "ACCEPTED", 4: "DISMISSED", 8: "SEEN", 11: "ACCEPTED", 12: "OFFERED"}
"""What became of the help that the app had offered, by the number of the case."""


def _past(stage: Stage, people: list[Mapping[str, Any]]) -> list[Life]:
    """The solved cases of the week."""
    rng, done = stage.rng, []
    for number in range(SOLVED):
        topic = rng.choices((*talk.TOPICS, talk.WEDDING), (*(3,) * len(talk.TOPICS), 2))[0]
        scene = Scene(stage, rng.choice(people), topic)
        at = _busy_instant(stage)
        channel = rng.choices(_CHANNELS, (6, 3, 1))[0]
        is_reopened = rng.random() < 0.05 and at < stage.now - timedelta(hours=12)
        help = _HELPED.get(number % 14) if channel == "IN_APP_CHAT" else None
        done.append(lives.solved(scene, at, channel=channel, is_reopened=is_reopened, help=help))
    return done


def _busy_instant(stage: Stage) -> datetime:
    """When a case of the week began: in the hours when people order, and long enough ago to be over."""
    return _hour_of_business(stage.rng, stage.now, stage.now - timedelta(hours=3))


def _hour_of_business(rng: Random, now: datetime, latest: datetime) -> datetime:
    """An instant of the week up to `latest`, more likely in busy hours."""
    while True:
        at = now - HISTORY * rng.random()
        if at < latest and rng.random() * max(_BUSY_HOURS) < _BUSY_HOURS[(at + _KOLKATA).hour]:
            return at


def _orders(ledger: Ledger, people: list[Mapping[str, Any]], rng: Random, now: datetime) -> None:
    """What the week's customers ordered by themselves. With a chance of its own: the cases stay as they are."""
    for number in range(ORDERED_ALONE):
        at = _hour_of_business(rng, now, now - timedelta(minutes=20))
        order = menu.order(rng, now, band=rng.choice((0, 1, 1, 2)), occasion=None)
        visits.place_order(ledger, rng.choice(people), f"order-{number + 100_000}", order["value"], at)


_ASKS = {3: 0, 7: 1, 12: 2, 18: 0}
"""Which of the answered cases are handed up, and for which of `talk.HANDED_UP`."""
_SHARES = (0, 1, 1, 2, 0, 1, 1)
"""Which agent has each of the answered cases: the second has most, the third the fewest."""


def _present(stage: Stage, people: list[Mapping[str, Any]]) -> list[Life]:
    """Sixty cases that are open now, each another customer's, hostile names among them."""
    rng, now, agents = stage.rng, stage.now, stage.agents
    named = [person for person in people if person["name"] in _SHOWN_FIRST]
    others = [person for person in people if person not in named]
    customers = iter(named + rng.sample(others, 60 - len(named)))

    def scene(topic: talk.Topic | None = None, band: int | None = None) -> Scene:
        return Scene(stage, next(customers), topic or rng.choice(talk.TOPICS), band=band)

    def ago(mean: float, least: float = 0.5, most: float = 55) -> datetime:
        return now - min(stage.minutes(mean, least), timedelta(minutes=most))

    chats = _CHANNELS[:2]
    open_now = [lives.waiting(scene(), ago(14), channel=rng.choice(chats), lines=rng.randint(1, 3)) for _ in range(13)]
    open_now += [  # about to climb: between 5,000 and 25,000 and opened five to ten minutes ago
        lives.waiting(scene(band=1), now - timedelta(minutes=5 + number), channel="IN_APP_CHAT") for number in range(4)
    ]
    open_now += [lives.waiting(scene(talk.WEDDING), ago(25, 8), channel=channel) for channel in (*chats, "CALL")]
    open_now += [lives.waiting(scene(band=3), ago(20, 12), channel=chats[n % 2], is_urgent=True) for n in range(3)]
    open_now += [lives.waiting(scene(band=2), ago(8), channel="CALL") for _ in range(2)]
    open_now += [lives.waiting(scene(band=0), ago(30), channel="CALL") for _ in range(2)]
    paths = ("stuck_at_checkout", "comparing", "paying")
    open_now += [lives.struggling(scene(talk.FRICTION, 1 + n % 3), ago(7, 1, 22), paths[n % 3]) for n in range(6)]
    for number in range(22):
        by, topic = agents[_SHARES[number % len(_SHARES)]], talk.WEDDING if number % 6 == 5 else None
        open_now.append(
            lives.answered(
                scene(topic),
                ago(70, 18, 900),
                channel=rng.choice(chats),
                turns=(2, 3, 4, 1)[number % 4],
                by=by,
                has_note=number % 3 == 0,
                asks=_ASKS.get(number),
            )
        )
    wakes = (timedelta(minutes=20), timedelta(hours=3), timedelta(hours=15), timedelta(days=1), timedelta(days=2))
    open_now += [
        lives.snoozed(scene(), ago(300, 60, 1_800), until=now + wake, by=agents[number % 3])
        for number, wake in enumerate(wakes)
    ]
    return open_now


def run(all_lives: list[Life], now: datetime) -> None:
    """Let everybody live, step by step in the order of time, up to `now`."""
    waiting = [(next(life), number, life) for number, life in enumerate(all_lives)]
    heapq.heapify(waiting)
    while waiting and waiting[0][0] <= now:
        at, number, life = waiting[0]
        following = next(life, None)
        if following is None:
            heapq.heappop(waiting)
        else:
            heapq.heapreplace(waiting, (max(following, at), number, life))
