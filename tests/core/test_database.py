"""Both databases keep what they acknowledged, and let no unit harm another."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import delete as sql_delete
from sqlalchemy import event, exists, func, insert, literal, select, text, union_all, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session, aliased

from backend.core.clock import FrozenClock
from backend.core.databases import connect
from backend.core.db import Database
from backend.identity.models import ApiKey, Business, Member, User

ONE, OTHER = "business-one", "business-other"
AT = FrozenClock().now()


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = connect(database_url)
    await database.start()
    yield database
    await database.close()


def user(number: object) -> User:
    return User(id=f"user-{number}", email=f"{number}@example.com", name=str(number), created_at=AT)


def add(number: object, *, fails: bool = False) -> Any:
    def unit(session: Session) -> object:
        session.add(user(number))
        session.flush()
        if fails:
            raise RuntimeError(f"unit {number}")
        return number

    return unit


async def names(database: Database) -> set[str]:
    return await database.read(lambda session: set(session.scalars(select(User.name)).all()))


async def test_what_waits_together_is_committed_together(database: Database) -> None:
    if database.name != "sqlite":
        return
    commits = []
    event.listen(database._writer_engine, "commit", lambda _connection: commits.append(1))  # type: ignore[attr-defined]
    results = await asyncio.gather(*(database.write(add(number)) for number in range(60)))
    assert results == list(range(60))
    assert len(commits) < 20
    assert len(await names(database)) == 60


async def test_a_read_sees_one_moment(database: Database, database_url: str) -> None:
    def twice(session: Session) -> tuple[int, int]:
        count = select(func.count()).select_from(User)
        before = session.scalar(count)
        elsewhere = connect(database_url)

        async def another() -> None:
            await elsewhere.start()
            await elsewhere.write(add("meanwhile"))
            await elsewhere.close()

        thread = threading.Thread(target=lambda: asyncio.run(another()))
        thread.start()
        thread.join()
        return before or 0, session.scalar(count) or 0

    assert await database.read(twice) == (0, 0)
    assert await names(database) == {"meanwhile"}


async def test_units_that_fail_leave_nothing_and_hurt_no_neighbour(database: Database) -> None:
    units = [database.write(add(number, fails=number % 3 == 0)) for number in range(30)]
    results = await asyncio.gather(*units, return_exceptions=True)
    for number, result in enumerate(results):
        assert isinstance(result, RuntimeError) if number % 3 == 0 else result == number
    assert await names(database) == {str(number) for number in range(30) if number % 3}


async def test_a_unit_that_breaks_a_constraint_hurts_no_neighbour(database: Database) -> None:
    await database.write(add("taken"))
    results = await asyncio.gather(
        database.write(add("before")),
        database.write(add("taken")),
        database.write(add("after")),
        return_exceptions=True,
    )
    assert (results[0], results[2]) == ("before", "after")
    assert isinstance(results[1], IntegrityError)
    assert await names(database) == {"taken", "before", "after"}


async def test_a_merged_unit_takes_all_that_waits(database: Database) -> None:
    groups: list[int] = []

    def add_all(session: Session, items: list[int]) -> list[int]:
        groups.append(len(items))
        session.add_all([user(item) for item in items])
        session.flush()
        return [item * 2 for item in items]

    results = await asyncio.gather(*(database.merge(add_all, number) for number in range(100)))
    assert results == [number * 2 for number in range(100)]
    assert sum(groups) == 100
    assert len(groups) < 20
    assert len(await names(database)) == 100


async def test_a_poisoned_item_fails_alone(database: Database) -> None:
    def add_all(session: Session, items: list[int]) -> list[int]:
        session.add_all([user(item) for item in items])
        session.flush()
        if 13 in items:
            raise ValueError("poisoned")
        return items

    results = await asyncio.gather(*(database.merge(add_all, number) for number in range(30)), return_exceptions=True)
    assert [number for number, result in enumerate(results) if isinstance(result, Exception)] == [13]
    assert await names(database) == {str(number) for number in range(30) if number != 13}
    assert await database.merge(add_all, 99) == 99


async def test_a_commit_that_fails_is_told_and_the_writer_goes_on(database: Database) -> None:
    """A foreign key that is only checked at the commit, as when the disk is full."""

    def dangle(session: Session) -> None:
        if database.name == "sqlite":
            session.execute(text("PRAGMA defer_foreign_keys = ON"))
        else:
            session.execute(text("ALTER TABLE members ALTER CONSTRAINT fk_members_user_id_users DEFERRABLE"))
            session.execute(text("SET CONSTRAINTS ALL DEFERRED"))
        row = {"id": "m", "business_id": ONE, "user_id": "nobody", "role": "agent", "preferences": {}}
        session.execute(insert(Member), {**row, "created_at": AT})

    with pytest.raises(IntegrityError):
        await database.write(dangle)
    assert await database.read(lambda session: session.scalar(select(func.count(Member.id)))) == 0
    assert await database.write(add("next")) == "next"
    assert await names(database) == {"next"}


async def test_nothing_is_told_of_a_write_that_failed(database: Database) -> None:
    told: list[dict[str, Any]] = []
    database.on_commit = told.append

    def noted(session: Session, *, fails: bool) -> None:
        session.info["news"] = not fails
        if fails:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await database.write(lambda session: noted(session, fails=True))
    await database.write(lambda session: noted(session, fails=False))
    await asyncio.sleep(0)
    assert told == [{"news": True}]


async def test_a_read_keeps_nothing(database: Database) -> None:
    def sneak(session: Session) -> None:
        session.add(user("sneaked"))
        session.flush()

    await database.read(sneak)
    assert await names(database) == set()


async def test_concurrent_increments_lose_none(database: Database) -> None:
    def found(session: Session) -> None:
        session.add(Business(id=ONE, name="One", created_at=AT, next_number=1, version=1))

    def increment(session: Session) -> None:
        row = session.get_one(Business, ONE, with_for_update=True)
        row.next_number = row.next_number + 1

    await database.write(found)
    await asyncio.gather(*(database.write(increment) for _ in range(160)))
    assert await database.read(lambda session: session.get_one(Business, ONE).next_number) == 161


async def test_two_who_wait_for_each_other_both_get_through(database: Database) -> None:
    def found(session: Session) -> None:
        for id in (ONE, OTHER):
            session.add(Business(id=id, name=id, created_at=AT, next_number=1, version=1))

    def both(first: str, second: str) -> Any:
        def unit(session: Session) -> None:
            for id in (first, second):
                row = session.get_one(Business, id, with_for_update=True)
                row.next_number += 1
                session.flush()

        return unit

    await database.write(found)
    pairs = [(ONE, OTHER), (OTHER, ONE)] * 4
    await asyncio.gather(*(database.write(both(*pair)) for pair in pairs))
    numbers = await database.read(lambda session: sorted(session.scalars(select(Business.next_number)).all()))
    assert numbers == [9, 9]


async def test_a_caller_that_went_away_does_not_stop_the_others(database: Database) -> None:
    gone = asyncio.ensure_future(database.write(add("gone")))
    await asyncio.sleep(0)
    gone.cancel()
    assert await database.write(add("stays")) == "stays"
    assert "stays" in await names(database)


def _keys(session: Session) -> None:
    for business in (ONE, OTHER):
        for number in range(3):
            mark = f"{business}-{number}"
            session.add(
                ApiKey(
                    id=mark,
                    business_id=business,
                    name=mark,
                    fingerprint=mark,
                    hint="",
                    scopes=[],
                    created_at=AT,
                )
            )


_OF_ALIAS = aliased(ApiKey)
_SELECTS: dict[str, Callable[[], Any]] = {
    "entities": lambda: select(ApiKey.business_id),
    "rows": lambda: select(ApiKey).with_only_columns(ApiKey.business_id),
    "an alias": lambda: select(_OF_ALIAS.business_id),
    "a join": lambda: select(_OF_ALIAS.business_id).join(ApiKey, ApiKey.id == _OF_ALIAS.id),
    "a cross join": lambda: select(_OF_ALIAS.business_id).join(ApiKey, literal(True)),
    "a subquery": lambda: select(select(ApiKey.business_id).subquery().c.business_id),
    "a cte": lambda: select(select(ApiKey.business_id).cte().c.business_id),
    "a union": lambda: union_all(select(ApiKey.business_id), select(_OF_ALIAS.business_id)),
    "distinct": lambda: select(ApiKey.business_id).distinct(),
    "an outer join": lambda: select(ApiKey.business_id).select_from(User).outerjoin(ApiKey, literal(True)),
    "in a subquery": lambda: select(ApiKey.business_id).where(ApiKey.id.in_(select(_OF_ALIAS.id))),
}


@pytest.mark.parametrize("kind", _SELECTS)
async def test_a_select_of_any_kind_stays_in_the_business(database: Database, kind: str) -> None:
    await database.write(_keys)
    await database.write(add("somebody"))

    def look(session: Session) -> set[str | None]:
        session.info["business_id"] = ONE
        return set(session.scalars(_SELECTS[kind]()).all())

    assert await database.read(look) == {ONE}
    assert await database.read(lambda session: set(session.scalars(_SELECTS[kind]()).all())) == {ONE, OTHER}


async def test_counts_and_exists_stay_in_the_business(database: Database) -> None:
    await database.write(_keys)

    def look(session: Session) -> tuple[Any, ...]:
        session.info["business_id"] = ONE
        return (
            session.scalar(select(func.count(ApiKey.id))),
            session.scalar(select(func.count()).select_from(ApiKey)),
            session.scalar(select(exists().where(ApiKey.business_id == OTHER))),
            session.scalar(select(select(func.max(ApiKey.id)).scalar_subquery())),
            session.get(ApiKey, f"{OTHER}-1"),
            len(session.query(ApiKey).all()),
        )

    assert await database.read(look) == (3, 3, False, f"{ONE}-2", None, 3)


async def test_updates_and_deletes_stay_in_the_business(database: Database) -> None:
    await database.write(_keys)

    def change(session: Session) -> None:
        session.info["business_id"] = ONE
        session.execute(update(ApiKey).values(name="mine"))
        session.execute(sql_delete(ApiKey).where(ApiKey.id.like("%-2")))

    await database.write(change)

    def left(session: Session) -> list[tuple[str, str]]:
        return [(key.id, key.name) for key in session.scalars(select(ApiKey).order_by(ApiKey.id))]

    mine = [(f"{ONE}-{number}", "mine") for number in range(2)]
    assert await database.read(left) == mine + [(f"{OTHER}-{number}",) * 2 for number in range(3)]


async def test_units_of_two_businesses_at_once_do_not_mix(database: Database) -> None:
    """The criterion is compiled once and cached; its value must not be."""
    await database.write(_keys)

    def look(business: str) -> Any:
        def unit(session: Session) -> set[str]:
            session.info["business_id"] = business
            return set(session.scalars(select(ApiKey.business_id)).all())

        return unit

    wanted = [ONE, OTHER] * 20
    assert await asyncio.gather(*(database.read(look(business)) for business in wanted)) == [{id} for id in wanted]


async def test_statements_that_the_database_refuses_are_errors(database: Database) -> None:
    with pytest.raises(DBAPIError):
        await database.write(lambda session: session.execute(text("SELECT * FROM nowhere")) and None)


def test_an_unknown_kind_of_database_is_refused() -> None:
    with pytest.raises(ValueError, match="mysql"):
        connect("mysql://a@b/c")
