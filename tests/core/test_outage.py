"""A full disk and a database that goes away: said in words, nothing acknowledged lost, and on we go when it is back."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.client import ApiError
from backend.core.databases import connect
from backend.core.errors import Invalid
from backend.core.outage import Outage
from tests.core.test_database import add, names
from tests.support.backend import Backend
from tests.support.databases import Postgres
from tests.support.incidences import open_case

PAGES = text("PRAGMA page_count")


on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""The disk of PostgreSQL is not ours to fill."""


def room(pages: int) -> Any:
    """A unit that lets the file grow by so many pages of 4 kB, and no more."""

    def unit(session: Session) -> None:
        most = (session.scalar(PAGES) or 0) + pages
        session.connection().exec_driver_sql(f"PRAGMA max_page_count = {most}")

    return unit


@on_sqlite
async def test_a_full_disk_is_said_and_nothing_is_lost(backend: Backend) -> None:
    owner, database = await backend.owner(), backend.runtime.database
    await database.write(room(30))
    kept: list[str] = []

    async def open_until_refused() -> None:
        while True:
            kept.append((await open_case(owner, user_id=f"guest-{len(kept)}")).incidence_id)

    with pytest.raises(ApiError) as refused:
        await open_until_refused()
    assert (refused.value.status, refused.value.code) == (503, "STORAGE_FULL")
    assert "make room" in refused.value.message
    assert len((await owner.incidences.list(limit=100)).items) == len(kept) > 0, "what is there can be read"
    with pytest.raises(ApiError) as unready:
        await owner.system.ready()
    assert (unready.value.status, unready.value.code) == (503, "STORAGE_FULL")
    await database.write(room(5_000))
    assert (await owner.system.ready())["status"] == "ready"
    kept.append((await open_case(owner, user_id="later")).incidence_id)
    assert {row.incidence_id for row in (await owner.incidences.list(limit=100)).items} == set(kept)


@on_sqlite
async def test_who_shared_a_transaction_that_sqlite_took_back_is_told(backend: Backend) -> None:
    """SQLite may roll all back by itself when the disk is full, and the driver commits nothing then without a word."""
    database = backend.runtime.database

    def taken_back(session: Session) -> None:
        session.connection().exec_driver_sql("ROLLBACK")
        raise RuntimeError("as its statement did")

    units = (add("first"), taken_back, add("second"))
    results = await asyncio.gather(*(database.write(unit) for unit in units), return_exceptions=True)
    assert all(isinstance(result, Exception) for result in results), results
    assert not {"first", "second"} & await names(database)
    await database.write(add("later"))
    assert "later" in await names(database)


async def test_what_a_unit_says_is_no_outage_whatever_it_was_handling(backend: Backend) -> None:
    database = backend.runtime.database

    def refuse(_: Session) -> None:
        try:
            ZoneInfo("Mars/Phobos")  # behind it is a file that is not there
        except ZoneInfoNotFoundError as error:
            raise Invalid("There is no such zone.") from error

    for ask in (database.read, database.write):
        with pytest.raises(Invalid, match="no such zone") as refused:
            await ask(refuse)
        assert isinstance(refused.value.__cause__, ZoneInfoNotFoundError)
    assert database.outage is None


@pytest_asyncio.fixture
async def away(tmp_path: Path) -> AsyncIterator[tuple[Postgres, Backend]]:
    """A PostgreSQL of its own, and the backend on it."""
    server = await asyncio.to_thread(Postgres)
    try:
        name = await asyncio.to_thread(server.make)
        async with Backend(server.url(name), tmp_path) as backend:
            yield server, backend
    finally:
        await asyncio.to_thread(server.stop)


async def test_postgresql_that_restarts_is_waited_for(away: tuple[Postgres, Backend]) -> None:
    server, backend = away
    owner = await backend.owner()
    kept = [(await open_case(owner, user_id=f"guest-{turn}")).incidence_id for turn in range(3)]
    await asyncio.to_thread(server.end)
    for ask in (open_case(owner, user_id="nobody"), owner.incidences.list(), owner.system.ready()):
        with pytest.raises(ApiError) as refused:
            await ask
        assert (refused.value.status, refused.value.code) == (503, "DATABASE_AWAY")
    await asyncio.to_thread(server.begin)
    kept.append((await open_case(owner, user_id="guest-3")).incidence_id)
    assert (await owner.system.ready())["status"] == "ready"
    # A restart between two questions: the lines of the pool are broken, and nobody notices.
    await asyncio.to_thread(server.end)
    await asyncio.to_thread(server.begin)
    found = await owner.incidences.list()
    kept.append((await open_case(owner, user_id="guest-4")).incidence_id)
    assert {row.incidence_id for row in found.items} == set(kept[:4])


async def test_a_network_that_swallows_all_is_not_waited_for_for_ever(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database_url.startswith("sqlite"):
        return
    monkeypatch.setattr("backend.core.postgres.PATIENCE", 0.5)
    database = connect(database_url)
    await database.start()
    mine = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
    frozen = await database.read(lambda session: session.scalars(mine).all())
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        asked = (database.write(add("one")), database.write(add("two")), names(database))
        answers = await asyncio.gather(*asked, return_exceptions=True)
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
    gone = [answer for answer in answers if isinstance(answer, Outage)]
    assert gone, answers
    assert {outage.code for outage in gone} == {"DATABASE_AWAY"}
    told = {answer for answer in answers if isinstance(answer, str)}
    assert await names(database) == told, "what was not answered is not there"
    await database.write(add("three"))
    assert database.outage is None
    await database.close()


_ENDS_THE_LINE = (
    """CREATE FUNCTION end_the_line() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$""",
    """CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON users DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION end_the_line()""",
)


async def test_a_commit_whose_answer_is_lost_is_not_called_undone(database_url: str) -> None:
    if database_url.startswith("sqlite"):
        return
    database = connect(database_url)
    await database.start()
    for statement in _ENDS_THE_LINE:
        await database.write(lambda session, said=statement: session.execute(text(said)) and None)
    with pytest.raises(Outage) as outage:
        await database.write(add("perhaps"))
    assert outage.value.code == "OUTCOME_UNKNOWN"
    assert await names(database) == set()
    await database.close()
