"""The log is a chain: gap-free, append-only, and whoever changes it behind its back is found at the right seq."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from backend.core.clock import FrozenClock
from backend.core.rows import Base
from backend.events import log
from backend.events.chain import FIELDS, GENESIS, digest, first_broken
from backend.events.event import Actor, Event
from backend.events.models import EventBody, EventRow
from backend.identity.schemas import KeyCreate
from backend.work import Work
from tests.support.backend import Backend, business_of

NOBODY = Actor("system", None, "Test")


class Told(Event, type="test.told"):
    """An event of these tests."""


def tell(work: Work, number: int, data: dict[str, Any] | None = None, customer_id: str | None = None) -> int:
    told = Told(subject_id=str(number), data=data or {"number": number}, incidence_id="i", customer_id=customer_id)
    return work.emit(told).seq


async def tamper(backend: Backend, statement: str, **values: Any) -> None:
    """Change the database as somebody could who owns the file: without the guards."""

    def unguarded(session: Session) -> None:
        if session.get_bind().dialect.name == "sqlite":
            session.execute(text("DROP TRIGGER IF EXISTS events_refuse_update"))
            session.execute(text("DROP TRIGGER IF EXISTS events_refuse_delete"))
        else:
            session.execute(text("ALTER TABLE events DISABLE TRIGGER ALL"))
        session.execute(text(statement), values)

    await backend.runtime.database.write(unguarded)


async def test_an_untouched_chain_is_whole(backend: Backend) -> None:
    owner = await backend.owner()
    for number in range(3):
        await owner.keys.create(KeyCreate(name=f"key {number}"))
    verdict = await owner.audit.verify()
    assert verdict == {"isWhole": True, "events": 6, "firstBroken": None, "reason": None}


async def test_a_chain_longer_than_a_page_is_walked_to_its_end(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.events.service._VERIFIED_AT_ONCE", 4)
    owner, units = await backend.owner(), await backend.units()
    for number in range(9):
        await units.write(tell, number)
    assert await owner.audit.verify() == {"isWhole": True, "events": 12, "firstBroken": None, "reason": None}
    await tamper(backend, "UPDATE event_bodies SET body = '{}' WHERE seq = 10")
    assert (await owner.audit.verify())["firstBroken"] == 10


_NEW_VALUES = {
    "type": "'test.other'",
    "subject_id": "'other'",
    "incidence_id": "'other'",
    "customer_id": "'other'",
    "actor_kind": "'member'",
    "actor_id": "'other'",
    "request_id": "'other'",
    "id": "'other'",
    "body_digest": f"'{'0' * 64}'",
    "prev_hash": f"'{'0' * 64}'",
    "hash": f"'{'0' * 64}'",
}


@pytest.mark.parametrize("column", [*_NEW_VALUES, "occurred_at", "recorded_at"])
async def test_a_changed_field_is_found_at_its_seq(backend: Backend, column: str) -> None:
    owner, units = await backend.owner(), await backend.units()
    seqs = [await units.write(tell, number) for number in range(5)]
    is_sqlite = backend.url.startswith("sqlite")
    later = f"{column} + 1" if is_sqlite else f"{column} + interval '1 second'"
    await tamper(backend, f"UPDATE events SET {column} = {_NEW_VALUES.get(column, later)} WHERE seq = {seqs[2]}")
    verdict = await owner.audit.verify()
    assert (verdict["isWhole"], verdict["firstBroken"]) == (False, seqs[2])
    assert verdict["reason"]


def test_every_field_of_the_chain_is_tampered_with_above() -> None:
    assert set(FIELDS) - {"business_id", "seq"} == (set(_NEW_VALUES) | {"occurred_at", "recorded_at"}) - {
        "prev_hash",
        "hash",
    }
    assert {column.name for column in EventRow.__table__.columns} == {*FIELDS, "prev_hash", "hash"}


@pytest.mark.parametrize(
    "change",
    [
        {"body": '{"data": {"number": 2}, "actorName": "Holdfast"}'},
        {"body": '{"data": {"number": 1}, "actorName": "Somebody"}'},
        {"state": '{"number": 1}'},
        {"body": None, "state": '{"number": 1}'},
    ],
)
async def test_changed_words_are_found(backend: Backend, change: dict[str, Any]) -> None:
    owner, units = await backend.owner(), await backend.units()
    seq = await units.write(tell, 1)
    await units.write(tell, 2)
    columns = ", ".join(f"{column} = :{column}" for column in change)
    await tamper(backend, f"UPDATE event_bodies SET {columns} WHERE seq = {seq}", **change)
    verdict = await owner.audit.verify()
    assert (verdict["firstBroken"], verdict["reason"]) == (seq, "its words were changed")


async def test_a_removed_event_is_found(backend: Backend) -> None:
    owner, units = await backend.owner(), await backend.units()
    seqs = [await units.write(tell, number) for number in range(4)]
    await tamper(backend, f"DELETE FROM event_bodies WHERE seq = {seqs[1]}")
    verdict = await owner.audit.verify()
    assert (verdict["firstBroken"], verdict["reason"]) == (seqs[1], "missing")


class Forgotten(Event, type="test.forgotten", erases=True):
    """The words of a customer of these tests are gone."""


def forget(work: Work, customer_id: str | None) -> int:
    return work.emit(Forgotten(subject_id="c", customer_id=customer_id)).seq


async def test_erased_words_leave_the_chain_whole(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.events.service._VERIFIED_AT_ONCE", 2)
    owner, units = await backend.owner(), await backend.units()
    seq = await units.write(tell, 1, None, "c")
    await tamper(backend, f"UPDATE event_bodies SET body = NULL, state = NULL WHERE seq = {seq}")
    await units.write(forget, "c")
    assert (await owner.audit.verify())["isWhole"] is True
    entry = (await owner.audit.list(type="test.told"))["items"][0]
    assert (entry["data"], entry["seq"]) == (None, seq)


@pytest.mark.parametrize(("customer", "forgotten"), [(None, None), ("c", None), ("c", "other")])
async def test_words_that_nobody_erased_but_that_are_gone_are_found(
    backend: Backend, customer: str | None, forgotten: str | None
) -> None:
    owner, units = await backend.owner(), await backend.units()
    await units.write(forget, customer or "c")  # too early
    seq = await units.write(tell, 1, None, customer)
    if forgotten:
        await units.write(forget, forgotten)
    await tamper(backend, f"UPDATE event_bodies SET body = NULL, state = NULL WHERE seq = {seq}")
    verdict = await owner.audit.verify()
    assert (verdict["isWhole"], verdict["firstBroken"], verdict["events"]) == (False, seq, seq - 1)
    assert "its words are gone" in verdict["reason"]


@pytest.mark.parametrize("statement", ["UPDATE events SET type = 'x.y'", "DELETE FROM events"])
async def test_the_database_refuses_to_change_or_remove_an_event(backend: Backend, statement: str) -> None:
    owner = await backend.owner()
    if backend.url.startswith("sqlite"):
        await tamper_bodies(backend)
    with pytest.raises(DBAPIError, match="append-only"):
        await backend.runtime.database.write(lambda session: session.execute(text(statement)) and None)
    assert (await owner.audit.verify())["events"] == 3


async def tamper_bodies(backend: Backend) -> None:
    """So that the guard refuses, and not a foreign key before it."""
    await backend.runtime.database.write(
        lambda session: session.execute(text("PRAGMA defer_foreign_keys = ON")) and None
    )


async def test_twenty_writers_at_once_leave_no_gap(backend: Backend) -> None:
    owner, units, other = await backend.owner(), await backend.units(), await backend.another_owner()
    elsewhere = await backend.units(other)
    before = (await owner.audit.verify())["events"]
    both = [units.write(tell, number) for number in range(20)] + [elsewhere.write(tell, number) for number in range(20)]
    seqs = await asyncio.gather(*both)
    assert sorted(seqs[:20]) == list(range(before + 1, before + 21))
    assert (await owner.audit.verify()) == {"isWhole": True, "events": before + 20, "firstBroken": None, "reason": None}
    assert (await other.audit.verify())["isWhole"] is True


async def test_merged_units_of_several_businesses_keep_each_chain_whole(backend: Backend) -> None:
    owner, other = await backend.owner(), await backend.another_owner()
    ids = [await business_of(owner), await business_of(other)]
    now = backend.clock.now()

    def tell_all(session: Session, items: list[tuple[str, int]]) -> list[int]:
        seqs = []
        for business_id, number in items:
            seqs.append(Work(session, business_id, now).emit(Told(subject_id=str(number))).seq)
            if number == 13:
                raise ValueError("poisoned")
        return seqs

    items = [(ids[number % 2], number) for number in range(30)]
    results = await asyncio.gather(
        *(backend.runtime.database.merge(tell_all, item) for item in items), return_exceptions=True
    )
    assert [number for number, result in enumerate(results) if isinstance(result, ValueError)] == [13]
    assert await owner.audit.verify() == {"isWhole": True, "events": 3 + 15, "firstBroken": None, "reason": None}
    assert await other.audit.verify() == {"isWhole": True, "events": 3 + 14, "firstBroken": None, "reason": None}


async def test_a_unit_that_fails_leaves_no_event_and_no_gap(backend: Backend) -> None:
    owner, units = await backend.owner(), await backend.units()

    def fail(work: Work) -> None:
        tell(work, 1)
        raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError, match="changed my mind"):
        await units.write(fail)
    assert await units.write(tell, 2) == 4
    assert (await owner.audit.verify())["events"] == 4


_NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
_JSON = st.recursive(
    st.none() | st.booleans() | _NUMBERS | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.lists(st.dictionaries(_TEXT, _JSON, max_size=4), min_size=1, max_size=5))
def test_any_words_come_back_as_they_were_written(database_url: str, data: list[dict[str, Any]]) -> None:
    """Numbers above all: a database that rewrites 1e16 as an integer would break the chain by itself."""
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    now = FrozenClock().now()
    with Session(engine) as session:
        for words in data:
            event = Told(subject_id="s", data=words)
            log.append(session, event, business_id="b", actor=NOBODY, now=now, request_id="r")
        session.expire_all()
        assert first_broken(log.after(session, "b", 0, 100)) is None
        bodies = session.scalars(select(EventBody.body).order_by(EventBody.seq)).all()
        assert [digest(body, None) for body in bodies if body] == [
            digest({"data": words, "actorName": "Test"}, None) for words in data
        ]
        session.rollback()
    engine.dispose()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(count=st.integers(2, 12), data=st.data())
def test_a_reordered_chain_is_broken(tmp_path: Path, count: int, data: st.DataObject) -> None:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine, tables=[EventRow.__table__, EventBody.__table__])  # type: ignore[list-item]
    with Session(engine) as session:
        for number in range(count):
            event = Told(subject_id=str(number))
            log.append(session, event, business_id="b", actor=NOBODY, now=FrozenClock().now(), request_id="")
        rows = list(log.after(session, "b", 0, 100))
    engine.dispose()
    assert first_broken(rows) is None
    left = data.draw(st.integers(0, count - 2))
    swapped = [*rows[:left], rows[left + 1], rows[left], *rows[left + 2 :]]
    assert first_broken(swapped) == (left + 1, "missing")
    assert first_broken(rows[1:]) == (1, "missing")
    assert first_broken(rows[1:], GENESIS, 2) == (2, "does not follow the one before it")
