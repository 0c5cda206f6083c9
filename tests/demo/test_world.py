"""The world is whole, the same for a seed, and hostile where people are."""

import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, func, select

from backend import slices
from backend.core.rows import to_micros
from backend.core.security import fingerprint
from backend.core.text import clean_line
from backend.customers.models import Customer
from backend.demo import sister, world
from backend.demo.cast import HOSTILE, STAFF
from backend.demo.ledger import Ledger
from backend.demo.place import Place
from backend.events import log
from backend.events.chain import first_broken
from backend.events.models import EventBody, EventRow
from backend.identity.models import Business, Member, User
from backend.incidences.clocks import told
from backend.incidences.models import Conversation, Escalation, Incidence
from backend.jobs.models import PendingJob
from backend.notifications.models import Notification
from backend.risk.scoring import facts_of, rate
from backend.rules.shipped.risk import RISK
from backend.signals.activity import Activity
from backend.signals.models import Context
from tests.support.databases import Sqlite

NOW = datetime(2026, 3, 6, 11, 30, tzinfo=UTC)
slices.load("models")


@cache
def built(seed: int = 7, now: datetime = NOW) -> Ledger:
    """Made once, since nobody changes it; `built.__wrapped__` makes another."""
    return world.build(seed=seed, now=now, password_hash="$2b$04$hash", api_key="hfk_test")


def cases(ledger: Ledger) -> list[dict[str, Any]]:
    return ledger.rows[Incidence.__table__]  # type: ignore[index]


@pytest.fixture(scope="module")
def seeded(sqlite_template: Sqlite, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    engine = create_engine(sqlite_template.make(tmp_path_factory.mktemp("world")))
    with engine.begin() as connection:
        built().insert(connection)
    return engine


def test_the_chain_of_the_audit_is_whole(seeded: Engine) -> None:
    from sqlalchemy.orm import Session

    with Session(seeded) as session:
        business_id = session.scalars(select(Business.id)).one()
        rows = log.after(session, business_id, 0, 100_000)
    assert len(rows) > 3_000
    assert first_broken(rows) is None
    instants = [row.recorded_at for row in rows]
    assert instants == sorted(instants)
    assert instants[-1] <= NOW


def test_the_second_business_shares_people_and_nothing_else() -> None:
    first = built()
    one, again = (sister.build(first, seed=7, now=NOW) for _ in range(2))
    assert one.rows == again.rows
    events = one.rows[EventRow.__table__]  # type: ignore[index]
    instants = [row["recorded_at"] for row in events]
    assert instants == sorted(instants)
    assert instants[-1] <= NOW
    assert {row["business_id"] for rows in one.rows.values() for row in rows if "business_id" in row} == {
        one.business_id
    }
    users = {row["id"] for row in first.rows[User.__table__]}  # type: ignore[index]
    assert {row["user_id"] for row in one.rows[Member.__table__]} < users  # type: ignore[index]
    assert User.__table__ not in one.rows
    assert sum(case["status"] != "CLOSED" for case in cases(one)) == 5
    assert not any(case["is_self_serve"] for case in cases(one)), "each is in somebody's queue"


def test_the_counts_are_those_of_the_plan(seeded: Engine) -> None:
    with seeded.connect() as connection:
        by_status = dict(connection.execute(select(Incidence.status, func.count()).group_by(Incidence.status)).all())  # type: ignore[arg-type]
        customers = connection.scalar(select(func.count()).select_from(Customer))
        jobs = dict(connection.execute(select(PendingJob.job, func.count()).group_by(PendingJob.job)).all())  # type: ignore[arg-type]
        numbers = connection.execute(select(func.min(Incidence.number), func.max(Incidence.number))).one()
        following = connection.scalar(select(Business.next_number))
    assert customers == 300
    assert by_status["CLOSED"] == 420
    assert sum(by_status.values()) == 480
    assert by_status["SNOOZED"] == 5 == jobs["incidences.end_snooze"]
    assert jobs["incidences.escalate_channel"] >= 3
    assert numbers == (1001, 1480)
    assert following == 1481


def test_open_cases_are_believable() -> None:
    ledger = built()
    open_now = [case for case in cases(ledger) if case["status"] != "CLOSED"]
    assert len({case["customer_id"] for case in open_now}) == 60
    assert {case["priority"] for case in open_now} == {1, 2, 3, 4}
    assert {case["channel"] for case in open_now} == {"IN_APP_CHAT", "WHATSAPP", "CALL"}
    assert {case["stage"] for case in open_now} == {"PRE_ORDER", "POST_ORDER"}
    values = [case["order_value"] for case in open_now]
    for low, high in ((0, 500_000), (500_000, 2_500_000), (2_500_000, 5_000_000), (5_000_000, 10**9)):
        assert any(low <= value < high for value in values), f"none between {low} and {high} paise"
    assert len([case for case in open_now if case["event_type"] == "WEDDING"]) >= 5
    assert len([case for case in open_now if (case["friction_score"] or 0) > 50]) >= 6
    agents = {case["agent_id"] for case in open_now if case["agent_id"]}
    assert len(agents) == 3
    soon = [
        case for case in open_now if case["auto_escalate_at"] and case["auto_escalate_at"] < NOW + timedelta(minutes=5)
    ]
    assert len(soon) >= 3
    assert all(case["auto_escalate_at"] > NOW for case in soon)
    assert all(case["created_at"] <= case["updated_at"] <= NOW for case in cases(ledger))
    states = [told(SimpleNamespace(**case))["slaState"] for case in open_now]
    assert {state: states.count(state) >= 3 for state in ("ON_TRACK", "AT_RISK", "BREACHED", "PAUSED")} == {
        "ON_TRACK": True,
        "AT_RISK": True,
        "BREACHED": True,
        "PAUSED": True,
    }
    timers = [row["due_at"] for row in ledger.rows[PendingJob.__table__] if row["job"] == "incidences.watch_sla"]  # type: ignore[index]
    assert len(timers) >= 20
    assert all(at > NOW for at in timers), "what was due by now was told"


def test_the_board_has_something_on_it_and_something_behind_it() -> None:
    ledger = built()
    rows, open_now = ledger.rows[Escalation.__table__], {case["escalation_id"] for case in cases(ledger)} - {None}  # type: ignore[index]
    assert {row["id"] for row in rows if row["ended_at"] is None} == open_now
    tally = Counter(row["status"] for row in rows)
    assert tally["OPEN"] >= 1 <= tally["ACKNOWLEDGED"]
    assert tally["RESOLVED"] >= 10
    assert tally["RETURNED"] >= 5
    climbing = {row["incidence_id"] for row in rows if row["next_climb_at"] is not None}
    timers = {
        row["args"]["incidence_id"] for row in ledger.rows[PendingJob.__table__] if row["job"] == "incidences.climb"
    }  # type: ignore[index]
    assert climbing == timers


def test_help_was_offered_and_every_row_is_what_its_newest_event_told() -> None:
    ledger = built()
    rows = ledger.rows[Notification.__table__]  # type: ignore[index]
    tally = Counter(row["state"] for row in rows)
    assert min(tally[state] for state in ("OFFERED", "SEEN", "DISMISSED", "ACCEPTED")) >= 5
    assert all((row["incidence_id"] is None) == (row["state"] != "ACCEPTED") for row in rows)
    bodies = {row["seq"]: row for row in ledger.rows[EventBody.__table__]}  # type: ignore[index]
    for row in rows:
        state = bodies[row["seq"]]["state"]
        assert (state["id"], state["state"], state["seq"]) == (row["id"], row["state"], row["seq"])
        assert state["offeredAt"] <= (state["seenAt"] or "~") <= (state["decidedAt"] or "~")


def test_struggling_customers_are_still_in_the_app() -> None:
    ledger = built()
    contexts = {row["customer_id"]: row for row in ledger.rows[Context.__table__]}  # type: ignore[index]
    struggling = [
        case for case in cases(ledger) if case["trigger"] == "SYSTEM_INITIATED" and case["status"] != "CLOSED"
    ]
    assert len(struggling) == 6
    for case in struggling:
        context = contexts[case["customer_id"]]
        assert context["score"] == case["friction_score"] > 50
        assert context["ends_at"] > NOW


def test_every_chat_has_its_conversation() -> None:
    ledger = built()
    tied = {row["incidence_id"] for row in ledger.rows[Conversation.__table__]}  # type: ignore[index]
    assert tied == {case["id"] for case in cases(ledger) if case["platform"]}


def test_hostile_names_pass_the_door_as_everybodys() -> None:
    names = {row["name"] for row in built().rows[Customer.__table__]}  # type: ignore[index]
    assert {clean_line(name)[:200] for name in HOSTILE} <= names
    assert not any(ord(letter) < 32 or ord(letter) == 127 for name in names for letter in name)
    open_names = {"[/broken]", "null", "[bold red]Asha[/]"}
    ledger = built(seed=99)
    ids = {row["id"]: row["name"] for row in ledger.rows[Customer.__table__]}  # type: ignore[index]
    assert open_names <= {ids[case["customer_id"]] for case in cases(ledger) if case["status"] != "CLOSED"}


def test_the_same_seed_and_instant_are_the_same_world_to_the_last_byte() -> None:
    assert built.__wrapped__().rows == built().rows


def test_another_seed_is_another_world() -> None:
    one, two = built(1), built(2)
    assert one.business_id != two.business_id
    assert [case["summary"] for case in cases(one)] != [case["summary"] for case in cases(two)]


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**63), hours=st.integers(0, 24 * 400))
def test_every_seed_at_every_hour_gives_sixty_open_cases_and_one_history(seed: int, hours: int) -> None:
    now = NOW + timedelta(hours=hours)
    ledger = built.__wrapped__(seed, now)
    statuses = [case["status"] for case in cases(ledger)]
    assert len(statuses) - statuses.count("CLOSED") == 60
    events = ledger.rows[EventRow.__table__]  # type: ignore[index]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert all(one["recorded_at"] <= two["recorded_at"] for one, two in pairwise(events))


def test_postgresql_takes_the_world_too(database_url: str) -> None:
    url = database_url.replace("postgresql:", "postgresql+psycopg:")
    engine = create_engine(url)
    ledger = built()
    with engine.begin() as connection:
        ledger.insert(connection)
        found = connection.scalar(select(func.count()).select_from(EventRow))
        staff = connection.exec_driver_sql("SELECT count(*) FROM members").scalar()
    engine.dispose()
    assert found == ledger.seq
    assert staff == len(STAFF)


def test_where_it_lives_is_kept_and_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from backend.core.clock import FrozenClock
    from backend.demo import place, templates

    monkeypatch.setattr(templates, "user_cache_path", lambda _name: tmp_path / "cache")
    first = place.settle(tmp_path / "world", seed=3, clock=FrozenClock(NOW))
    again = place.settle(tmp_path / "world", seed=8, clock=FrozenClock(NOW))
    assert (again.seed, again.api_key) == (3, first.api_key)
    assert again.freshchat.public_key == first.freshchat.public_key
    assert first.private_key_path.stat().st_mode & 0o077 == 0
    assert (tmp_path / "world" / "demo.json").stat().st_mode & 0o077 == 0
    assert len(list((tmp_path / "cache" / "demo").glob("schema-*.db"))) == 1


def test_a_world_is_copied_while_it_is_fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from backend.core.clock import FrozenClock, RealClock
    from backend.demo import place, templates

    monkeypatch.setattr(templates, "user_cache_path", lambda _name: tmp_path / "cache")
    made = RealClock().now()

    def settled(name: str, minutes: int = 0) -> Place:
        """A world settled minutes after the last template was made."""
        for template in (tmp_path / "cache" / "demo").glob("world-*.db"):
            os.utime(template, (made.timestamp(), made.timestamp()))
        return place.settle(tmp_path / name, seed=3, clock=FrozenClock(made + timedelta(minutes=minutes)))

    last = settled("first")
    for minutes, is_copied in ((0, True), (9, True), (10, False), (-1, False)):
        world = settled(f"after {minutes} minutes", minutes)
        assert len(list((tmp_path / "cache" / "demo").glob("world-*.db"))) == 1
        assert (head(last) == head(world)) is is_copied, minutes
        assert key_of(last) != key_of(world)
        assert key_of(world) == fingerprint(world.api_key)
        assert world.api_key not in (tmp_path / f"after {minutes} minutes" / "holdfast.db").read_text("latin-1")
        last = world


def asked(of: Place, statement: str) -> Any:
    engine = create_engine(of.settings.database_url)
    with engine.connect() as connection:
        found = connection.exec_driver_sql(statement).scalar_one()
    engine.dispose()
    return found


def head(of: Place) -> Any:
    return asked(of, "SELECT hash FROM events ORDER BY seq DESC LIMIT 1")


def key_of(of: Place) -> Any:
    return asked(of, "SELECT fingerprint FROM api_keys")


def test_some_customers_of_the_world_are_about_to_leave() -> None:
    compiled, levels = RISK.compile(RISK.shipped, 1), Counter[str]()
    for row in built().rows[Context.__table__]:  # type: ignore[index]
        if row["activity"] is not None:
            levels[rate(compiled, facts_of(Activity(row["activity"]), to_micros(NOW), {})).level] += 1
    assert min(levels["high"], levels["medium"], levels["low"]) >= 5
